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

private enum Shape {
    private static let values = [
        "null", "true", "-1", "0", "1e308", "-1e308", "1e400", "9223372036854775807", "9223372036854775808",
        "-9223372036854775809",
        "0.1", "1.0", "-0", "1E+2", #""""#, #"" ""#, #""\u0000""#, #""\ud800""#, #""\ud83d\ude00""#,
        #""../../etc/passwd""#,
        #""javascript:alert(1)""#, #""data:,""#, #""file:///etc/passwd""#, #""%s%n""#, #""'; drop table""#, #""==""#,
        #""2024-13-45T99:99:99Z""#,
        "[]", "{}", "[[]]", #"{"":""}"#, #"{"__proto__":{}}"#, "[null]",
        #""\#(String(repeating: "long", count: 500))""#,
        String(repeating: "[", count: 70) + String(repeating: "]", count: 70), "NaN", "undefined", "", ",",
    ]

    /// The value as text; each part is, with this chance, something else, there twice, under another name, or not
    /// there.
    static func text(of json: JSON, damageAt chance: Double, _ random: inout SplitMix) -> String {
        if hits(chance, &random) { return values.randomElement(using: &random) ?? "null" }
        switch json {
        case .array(let items):
            var texts = items.map { text(of: $0, damageAt: chance, &random) }
            if let first = texts.first, hits(chance, &random) {
                // Arrays are inside arrays.
                let times = min(Int.random(in: 1...200, using: &random), 50_000 / max(1, first.utf8.count))
                texts += [String](repeating: first, count: times)
            }
            return "[" + texts.joined(separator: ",") + "]"
        case .object(let object):
            var members: [String] = []
            for member in object.members where !hits(chance / 2, &random) {
                let key = hits(chance / 2, &random) ? member.key + "s" : member.key
                members.append(JSON.string(key).text + ":" + text(of: member.value, damageAt: chance, &random))
                if hits(chance / 4, &random), let last = members.last { members.append(last) }
            }
            return "{" + members.joined(separator: ",") + "}"
        default: return json.text
        }
    }

    private static func hits(_ chance: Double, _ random: inout SplitMix) -> Bool {
        Double.random(in: 0..<1, using: &random) < chance
    }
}
