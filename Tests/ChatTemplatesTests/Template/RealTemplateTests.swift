import Foundation
import Testing

@testable import ChatTemplates

/// The templates of real models against jinja2's renderings of them (`Scripts/reference/templates.py`).
struct RealTemplateTests {
    /// Variables as the reference gave them: begin and end tokens are the server's own words.
    static func variables(_ conversation: TemplateMap, _ begin: String, _ end: String) -> TemplateMap {
        var variables: TemplateMap = [
            "bos_token": .control(begin), "eos_token": .control(end), "add_generation_prompt": true,
        ]
        variables["messages"] = conversation["messages"]
        variables["tools"] = conversation["tools"]
        for entry in conversation["variables"]?.map?.entries ?? [] { variables[entry.key] = entry.value }
        return variables
    }

    static func check(_ name: String, _ source: String) throws -> Int {
        let data = try ReferenceData.map("rendered.json")
        let template = try Template(source)
        let reference = try #require(data["templates"]?.map?[name]?.map)
        let (begin, end) = (reference["bos_token"]?.string ?? "", reference["eos_token"]?.string ?? "")
        let conversations = try #require(data["conversations"]?.map)
        var checked = 0
        for entry in try #require(reference["rendered"]?.map).entries {
            let conversation = try #require(conversations[entry.key]?.map)
            let wanted = try #require(entry.value.map)
            checked += 1
            do {
                let prompt = try template.render(variables(conversation, begin, end), today: someDay)
                #expect(prompt.text == wanted["text"]?.string, "\(name), \(entry.key)")
                #expect(Array(prompt.text.utf8) == Array((wanted["text"]?.string ?? "").utf8), "\(name), \(entry.key)")
            } catch {
                #expect(wanted["error"]?.string != nil, "\(name), \(entry.key): \(error)")
                if error.kind == .refused { #expect(error.message == wanted["error"]?.string) }
            }
        }
        return checked
    }

    @Test("real templates render byte-equal to jinja2", arguments: ["smollm2", "qwen2.5", "qwen3", "mistral-nemo"])
    func real(name: String) throws {
        #expect(try Self.check(name, try ReferenceData.text("\(name).jinja")) >= 20)
    }

    /// Llama's own templates are not ours to copy.  A folder that holds `llama-3.jinja` and `llama-3.1.jinja` puts the
    /// interpreter to the same test.
    @Test(
        "Llama's own templates render byte-equal to jinja2",
        .enabled(if: elsewhere != nil, "they may not be copied; LLAMA_STACK_TEMPLATES names a folder that has them"),
        arguments: ["llama-3", "llama-3.1"])
    func llama(name: String) throws {
        let folder = URL(filePath: try #require(Self.elsewhere))
        let source = String(decoding: try Data(contentsOf: folder.appending(path: "\(name).jinja")), as: UTF8.self)
        #expect(try Self.check(name, source) >= 20)
    }

    static let elsewhere = ProcessInfo.processInfo.environment["LLAMA_STACK_TEMPLATES"]
}
