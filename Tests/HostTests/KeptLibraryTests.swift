import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// Libraries that were built for version 1.0 of the contract, before this host was.
struct KeptLibraryTests {
    static let folder = ProbeLibrary.root + "/Tests/Fixtures/kept/1.0/x86_64"

    #if arch(x86_64)
    @Test(
        "a library built for 1.0 is served as it was, in this process and in one of its own",
        arguments: [("echo-c", "inline::echo-c"), ("echo-rust", "inline::echo-rust")])
    func kept(name: String, type: String) async throws {
        let library = "\(Self.folder)/libprovider-inference-\(name).so"
        try #require(FileManager.default.fileExists(atPath: library), "\(library) must stay in the repository")
        var answers: [[AnswerPart]] = []
        for isolation in ["inline", "process"] {
            let manifest = try distribution(
                """
                version: 1
                providers:
                  inference: [{provider_id: kept, provider_type: \(type), library: \(library), isolation: \(isolation)}]
                models: [{model_id: m, aliases: [a]}]
                """)
            let stack = try await Stack.start(manifest, environment: [:])
            for body in [
                #"{"model":"a","content":"one two three","stream":true}"#, #"{"model":"a","content":"one two"}"#,
            ] {
                let endpoint = Inference.completion.description
                var request = CallRequest(method: endpoint.method)
                request.body = Array(body.utf8)
                let answer = try stack.call(endpoint, resourceName: "a", request: request)
                var parts: [AnswerPart] = []
                while let more = try await answer.nextParts() { parts += more }
                answers.append(parts)
            }
            await stack.shutdown(withinSeconds: 5)
        }
        #expect(answers[0].count == 4)
        #expect(Array(answers[0...1]) == Array(answers[2...3]))
    }
    #endif
}
