import ProviderKit
import Testing

@testable import AgentsReference

struct ToolResultTests {
    private func file(_ name: String, bytes: Int) throws -> ToolFile {
        let url = "data:image/png;base64," + String(repeating: "A", count: bytes)
        return ToolFile(name: name, attachment: Attachment(url: try WireURL(url), mimeType: "image/png"))
    }

    @Test func `files follow the reply's text in order, and those over a limit are named in their result`() throws {
        var files = TurnFiles()
        let first = files.take(
            from: ToolOutcome(
                content: "drawn", files: [try file("a.png", bytes: 10), try file("b.png", bytes: 5 << 20)]))
        #expect(first.content.text.hasPrefix("drawn\n[the file 'b.png' is left out"))
        #expect(first.content.all.last == .attachment(try file("a.png", bytes: 10).attachment))
        let many = try (0..<9).map { try file("\($0).png", bytes: 1) }
        let second = files.take(from: ToolOutcome(content: "more", files: many))
        #expect(files.kept.map(\.name) == ["a.png", "0.png", "1.png", "2.png", "3.png", "4.png", "5.png", "6.png"])
        #expect(second.content.text.contains("'7.png'") && second.content.text.contains("'8.png'"))
        #expect(second.content.all.count == 1 + 7)
        // The model is told of a picture, and not its bytes.
        let told = ToolResponse(toolName: "draw", content: second.content).forModel.content.text
        #expect(told.contains("[attachment: image/png]") && !told.contains("base64"))
        let content = files.content("Here.").all
        #expect(content.first == .text("Here.") && content.count == 9)
        #expect(TurnFiles().content("Here.") == "Here.")
    }

    @Test(arguments: [1, 2, 3, 4, 5, 255, 256, 257])
    func `a long result is cut between characters, and says so`(bytesMax: Int) {
        let text = String(repeating: "aé世🙂", count: 100)
        let cut = ToolOutcome(content: .text(text)).cut(to: bytesMax).content.text
        let kept = cut.components(separatedBy: "\n[cut: ")
        #expect(kept.count == 2)
        #expect(text.hasPrefix(kept[0]) && kept[0].utf8.count <= bytesMax && kept[0].utf8.count > bytesMax - 4)
        #expect(ToolOutcome(content: "short").cut(to: 256).content == "short")
    }

    @Test func `a call that fails twice ends the tools of a turn, another does not`() throws {
        var budget = ToolBudget(try AgentsConfiguration.defaults)
        let call = ToolCall(toolName: "a", arguments: ["x": 1])
        budget.noteFailure(of: call)
        budget.noteFailure(of: ToolCall(toolName: "a", arguments: ["x": 2]))
        #expect(!budget.isSpent)
        budget.noteFailure(of: call)
        #expect(budget.isSpent)
    }
}

extension AgentsConfiguration {
    static var defaults: AgentsConfiguration {
        get throws { try AgentsConfiguration(json: .object([:]), at: .root) }
    }
}
