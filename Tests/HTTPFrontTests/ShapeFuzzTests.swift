import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing

/// Valid bodies of every route with random damage to their structure. The seed is printed; LLAMA_STACK_FUZZ_SEED
/// repeats a run and LLAMA_STACK_FUZZ_COUNT lengthens it.
struct ShapeFuzzTests {
    @Test("no shape of a body gets a 500 out of a route", .timeLimit(.minutes(10)))
    func shapes() async throws {
        let environment = ProcessInfo.processInfo.environment
        let seed = environment["LLAMA_STACK_FUZZ_SEED"].flatMap(UInt64.init) ?? 1_999
        let count = environment["LLAMA_STACK_FUZZ_COUNT"].flatMap(Int.init) ?? 60
        print("body fuzz: seed \(seed), \(count) requests a route")
        try await withFront { front in
            try await raw {
                var connection = try front.connect()
                for (index, endpoint) in Endpoints.all.enumerated() {
                    guard let schema = endpoint.body else { continue }
                    let query =
                        Samples.sample(of: endpoint.query).objectValue?.members.map {
                            ($0.key, $0.value.stringValue ?? "")
                        } ?? []
                    let path = target(endpoint.route.path, query)
                    var random = SplitMix(state: seed &+ UInt64(index))
                    for number in 0..<count {
                        var text = Shape.text(of: Samples.sample(for: schema), damageAt: 0.08, &random)
                        // So that each request is damaged, and none streams for a change.
                        text = text.replacingOccurrences(of: #""stream":true"#, with: #""stream":false"#)
                        let reply = try connection.ask("POST", path, text)
                        // After a body over its limit the server closes, and says so.
                        if reply["Connection"] == "close" { connection = try front.connect() }
                        let isFine =
                            reply.status == 200 || ((400..<500).contains(reply.status) && reply.errorFormProblem == nil)
                        #expect(
                            isFine,
                            "seed \(seed) \(endpoint.id) \(number): \(text.prefix(500)) → \(reply.status) \(reply.text.prefix(300))"
                        )
                        #expect(reply.message.utf8.count < 1500, "\(reply.message.prefix(2000))")
                    }
                }
                #expect(try connection.ask("GET", "/health/live").status == 200)
            }
        }
    }
}
