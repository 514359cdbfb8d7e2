import LlamaStackAPI
import Testing

@testable import llama_stack_bench

@Suite("Judging a reply to a request with tools")
struct ToolJudgementTests {
    private let request: ToolRequest = {
        let expected = ExpectedCall([
            "book": [
                "city": ["New York"], "nights": [2], "rate": [1.5, 2], "pets": [true, ""], "names": [["Eve", "Bob"]],
                "range": [["min": [1], "max": [9, ""]], ""],
            ]
        ])
        return ToolRequest(id: "1", messages: [], tools: [], expected: expected)
    }()
    private let right: JSONObject = ["city": "New York", "nights": 2, "rate": 1.5, "names": ["Eve", "Bob"]]

    private func judge(_ calls: [ToolCall], text: String = "") -> ToolJudgement {
        ToolJudgement(calls, text: text, for: request)
    }

    private func accepts(_ change: (inout JSONObject) -> Void) -> Bool {
        var arguments = right
        change(&arguments)
        return judge([ToolCall(toolName: "book", arguments: arguments)]).hasRightValues
    }

    @Test("Numbers are compared by value, texts without regard to case and white space")
    func sameValues() {
        #expect(accepts { _ in })
        #expect(accepts { $0["nights"] = 2.0 })
        #expect(accepts { $0["rate"] = 2 })
        #expect(accepts { $0["city"] = "new  york " })
        #expect(accepts { $0["names"] = ["eve", "bob"] })
        #expect(accepts { $0["pets"] = true })
        #expect(accepts { $0["range"] = ["min": 1] })
        #expect(accepts { $0["range"] = ["min": 1.0, "max": 9] })
    }

    @Test("Another value, another type, one missing and one too many are wrong")
    func otherValues() {
        #expect(!accepts { $0["nights"] = 3 })
        #expect(!accepts { $0["nights"] = "2" })
        #expect(!accepts { $0["pets"] = false })
        #expect(!accepts { $0["pets"] = 1 })
        #expect(!accepts { $0["city"] = nil })
        #expect(!accepts { $0["more"] = 1 })
        #expect(!accepts { $0["names"] = ["Bob", "Eve"] })
        #expect(!accepts { $0["names"] = ["Eve"] })
        #expect(!accepts { $0["range"] = ["max": 9] })
        #expect(!accepts { $0["range"] = ["min": 1, "step": 1] })
    }

    @Test("The right tool with wrong values is half right; two calls are not the one that was needed")
    func rightTool() {
        let wrong = judge([ToolCall(toolName: "book", arguments: [:])])
        #expect(wrong.hasRightTool && !wrong.hasRightValues && wrong.called)
        let other = judge([ToolCall(toolName: "look", arguments: right)])
        #expect(!other.hasRightTool && !other.hasRightValues && other.called)
        let twice = judge(Array(repeating: ToolCall(toolName: "book", arguments: right), count: 2))
        #expect(!twice.hasRightTool && twice.called)
    }

    @Test("Arguments must be valid under the tool's own schema")
    func valid() {
        let tools = [
            ToolDefinition(
                toolName: "book", parameters: ["type": "object", "properties": ["nights": ["type": "integer"]]])
        ]
        let request = ToolRequest(id: "1", messages: [], tools: tools, expected: request.expected)
        for (nights, isValid) in [(2, true), ("2", false)] as [(JSON, Bool)] {
            let call = ToolCall(toolName: "book", arguments: ["nights": nights])
            #expect(ToolJudgement([call], text: "", for: request).isValid == isValid)
        }
    }

    @Test("A text that looks like a call was written wrong")
    func malformed() {
        #expect(judge([], text: "{\"name\": \"book\", \"parameters\": {").isMalformed)
        #expect(!judge([], text: "I can't book that.").isMalformed)
    }

    @Test("Requests that need a call and those that need none are counted apart")
    func score() {
        var score = ToolScore()
        let none = ToolRequest(id: "2", messages: [], tools: [], expected: nil)
        let call = ToolCall(toolName: "book", arguments: right)
        score.add(judge([call]), for: request)
        score.add(judge([], text: "\"name\":"), for: request)
        score.add(ToolJudgement([call], text: "", for: none), for: none)
        score.add(ToolJudgement([], text: "Hello", for: none), for: none)
        var wanted = ToolScore()
        (wanted.needed, wanted.called, wanted.malformed) = (2, 1, 1)
        (wanted.rightTools, wanted.valid, wanted.rightValues) = (1, 1, 1)
        (wanted.unneeded, wanted.calledInVain) = (2, 1)
        #expect(score == wanted)
    }
}
