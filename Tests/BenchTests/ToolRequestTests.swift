import Foundation
import LlamaStackAPI
import Testing

@testable import llama_stack_bench

@Suite("Requests of a tools file")
struct ToolRequestTests {
    private func user(_ text: String) -> Message { Message(role: .user, content: .text(text)) }

    @Test("A line of tools counts for the requests after it")
    func sections() throws {
        let requests = try ToolRequest.read(
            """
            {"tools": [{"name": "a", "description": "Does a.", "parameters": {"type": "object", "properties": {}}}]}
            {"id": "1", "question": "Do a.", "call": {"a": {"n": [1, ""], "s": ["x"]}}}

            {"tools": [{"name": "b", "parameters": {}}]}
            {"id": "2", "question": "Hello", "call": null}
            """)
        let call = try #require(ExpectedCall(["a": ["n": [1, ""], "s": ["x"]]]))
        #expect(
            requests == [
                ToolRequest(
                    id: "1", messages: [user("Do a.")],
                    tools: [
                        ToolDefinition(
                            toolName: "a", parameters: ["description": "Does a.", "type": "object", "properties": [:]])
                    ], expected: call),
                ToolRequest(
                    id: "2", messages: [user("Hello")], tools: [ToolDefinition(toolName: "b", parameters: [:])],
                    expected: nil),
            ])
        #expect(
            call.arguments == [
                .init(name: "n", values: [1], isOptional: true), .init(name: "s", values: ["x"], isOptional: false),
            ])
    }

    @Test("A file of the leaderboard has its calls beside it, or needs none")
    func leaderboard() throws {
        let text = """
            {"id": "x_0", "question": [[{"role": "user", "content": "Go"}]], "function": [{"name": "m.f", \
            "description": "d", "parameters": {"type": "dict", "properties": {"n": {"type": "float"}}}}]}
            """
        let answers = try ToolRequest.readAnswers("{\"id\": \"x_0\", \"ground_truth\": [{\"m.f\": {\"n\": [2.0]}}]}")
        let request = try #require(try ToolRequest.read(text, answers: answers).first)
        #expect(request.messages == [user("Go")])
        #expect(request.tools.map(\.toolName) == ["m.f"])
        #expect(request.expected?.tool == "m.f")
        #expect(try ToolRequest.read(text).first?.expected == nil)
        #expect(throws: ToolRequestError(line: 1, reason: "the answers have no 'x_0'")) {
            try ToolRequest.read(text, answers: [:])
        }
    }

    @Test(
        "A line that is no request is refused by its number",
        arguments: [
            ("{", "JSON"), ("{\"question\": \"a\", \"call\": null}", "`id`"),
            ("{\"id\": \"1\", \"question\": 1, \"call\": null}", "`question`"),
            ("{\"id\": \"1\", \"question\": \"a\"}", "`call`"),
            ("{\"id\": \"1\", \"question\": \"a\", \"call\": {\"f\": {\"n\": 1}}}", "`call` must be"),
            ("{\"tools\": [{\"name\": \"f\"}]}", "`tools`"),
        ])
    func refused(line: String, reason: String) throws {
        let error = #expect(throws: ToolRequestError.self) { try ToolRequest.read("\n" + line) }
        #expect(error?.line == 2)
        #expect(error.map { "\($0)".contains(reason) || reason == "JSON" } == true)
    }

    @Test("The committed requests: a hundred that need a call, with ten tools offered each, and forty that need none")
    func easy() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Benchmarks/Tools/easy.jsonl").standardizedFileURL
        let requests = try ToolRequest.read(String(contentsOf: file, encoding: .utf8))
        #expect(requests.count { $0.expected != nil } == 100)
        #expect(requests.count { $0.expected == nil } == 40)
        #expect(Set(requests.map(\.id)).count == 140)
        for request in requests {
            #expect(request.tools.count == 10)
            guard let expected = request.expected else { continue }
            let tool = try #require(request.tools.first { $0.toolName.description == expected.tool })
            let properties = try #require(tool.parameters?["properties"]?.objectValue)
            guard case .array(let required)? = tool.parameters?["required"] else {
                Issue.record("\(expected.tool) says nothing of what it requires")
                continue
            }
            #expect(Set(expected.arguments.map(\.name)).isSubset(of: properties.keys), "\(request.id)")
            let always = expected.arguments.filter { !$0.isOptional }.map { JSON.string($0.name) }
            #expect(Set(required).isSubset(of: always), "\(request.id)")
        }
    }
}
