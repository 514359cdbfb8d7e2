import Host
import ProviderKit
import Testing

/// Servers that come, change and go with the file, and that no request brings.
struct ReloadTests {
    @Test func `servers come and go with the file, and those at a URL may be reached from then on`() async throws {
        let web = try await HTTPServer(["--era", "modern"])
        let stack = try await ToolServer([("files", ToolServer.scripted())])
        try await stack.ready("files_echo")
        stack.groups.set([("files", ToolServer.scripted()), ("web", "{url: \"\(web.url)\"}")])
        #expect(try await stack.stack.reload().isApplied)
        try await stack.ready("files_echo", "web_echo")
        #expect(await stack.text("web_echo", ["text": "hello"]) == "hello")
        stack.groups.set([("files", ToolServer.scripted("--tools other"))])
        #expect(try await stack.stack.reload().isApplied)
        let listed = try await stack.list { $0.map(\.toolName) == ["files_other"] }
        #expect(listed.map(\.toolName) == ["files_other"])
        await stack.stop()
        await web.stop()
    }

    @Test func `a reload leaves a call to its end`() async throws {
        let stack = try await ToolServer([("files", ToolServer.scripted("--tools slow"))])
        try await stack.ready("files_slow")
        let call = Task { await stack.text("files_slow", ["text": "1"]) }
        try await Task.sleep(for: .milliseconds(300))
        stack.groups.set([("files", ToolServer.scripted("--tools other"))])
        _ = try await stack.stack.reload()
        #expect(await call.value == "1")
        try await stack.ready("files_other")
        await stack.stop()
    }

    @Test(arguments: ["command", "url", "config", "env"])
    func `a request that names a server is refused`(_ key: String) async throws {
        let stack = try await ToolServer([("files", ToolServer.scripted())])
        try await stack.ready("files_echo")
        var body: JSONObject = ["tool_name": "files_echo", "arguments": ["text": "hello"]]
        body[key] = ["x"]
        var request = CallRequest(method: Tools.invoke.description.method)
        request.body = JSON.object(body).bytes
        let error = await #expect(throws: CallError.self) {
            _ = try await stack.stack.call(Tools.invoke.description, request: request).collect()
        }
        #expect(error?.field == key, "\(String(describing: error))")
        await stack.stop()
    }
}
