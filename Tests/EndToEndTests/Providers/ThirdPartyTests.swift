import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// A provider that somebody else wrote, outside this tree, against its branch `main`: there is no tag yet.
    @Suite struct ThirdPartyTests {
        @Test("a package that depends on this one, without its traits, is built and served")
        func parrot() throws {
            let folder = try TemporaryFolder()
            let script = try ChildProcess(
                Setting.root + "/Scripts/test-third-party-provider.sh", [folder.path + "/work"])
            defer { script.end() }
            let end = script.wait(seconds: 600)
            try #require(end == .exit(0), "\(script.errors.suffix(3000))")
            let library = script.output.trimmingCharacters(in: .whitespacesAndNewlines)
            let path = try #require(library.lastIndex(of: "/").map { String(library[..<$0]) })

            var distribution = Distribution(
                providers: [.init(id: "parrot", type: "inline::parrot")],
                models: [.init(id: "polly", provider: "parrot")])
            distribution.more = "provider_path: [\(path)]"
            try Server.run(distribution) { server in
                let reply = try server.post(Requests.chatPath, Requests.chat("hello", model: "polly"))
                #expect(reply.json["content"]?.stringValue == "HELLO!")
                let completion = try server.post(Requests.completionPath, Requests.completion("hello", model: "polly"))
                #expect(completion.status == 501, "it only chats")
                #expect(completion.errorCode == "not_implemented")
            }
        }
    }
}
