import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing

/// Every way to spoil a valid request in one place.
struct MutationTests {
    @Test(
        "every single mutation of a body is refused, by its field, and the server goes on",
        arguments: Endpoints.all.filter { $0.body != nil }.map(\.id))
    func bodies(id: String) async throws {
        let endpoint = try #require(Endpoints.all.first { $0.id == id })
        let mutations = Samples.mutations(of: try #require(endpoint.body))
        let query =
            Samples.sample(of: endpoint.query).objectValue?.members.map { ($0.key, $0.value.stringValue ?? "") } ?? []
        let path = target(endpoint.route.path, query)
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                for mutation in mutations {
                    let reply = try connection.ask("POST", path, mutation.json.text)
                    expect(reply, 422, field: mutation.field, "\(mutation.why): \(mutation.json.text.prefix(300))")
                }
                #expect(front.received.count == 0)
                #expect(try connection.ask("GET", "/health/live").status == 200)
            }
        }
        print("\(id): \(mutations.count) mutations refused")
    }

    @Test("every mistake in a query is refused and named", arguments: Endpoints.all.map(\.id))
    func queries(id: String) async throws {
        let endpoint = try #require(Endpoints.all.first { $0.id == id })
        let valid =
            Samples.sample(of: endpoint.query).objectValue?.members.map { ($0.key, $0.value.stringValue ?? "") } ?? []
        let body = endpoint.body.map { Samples.sample(for: $0).text }
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                func refuse(_ query: [(String, String)], _ field: String, _ why: String) throws {
                    let target = target(endpoint.route.path, query)
                    let reply = try connection.ask(endpoint.route.verb.rawValue, target, body)
                    expect(reply, 422, field: field, "\(why): \(target)")
                }
                try refuse(valid + [("no_such_parameter", "1")], "no_such_parameter", "unknown")
                for (index, parameter) in valid.enumerated() {
                    var query = valid
                    query.remove(at: index)
                    let isRequired = endpoint.query.first { $0.key == parameter.0 }?.isRequired == true
                    if isRequired { try refuse(query, parameter.0, "missing") }
                    try refuse(valid + [parameter], parameter.0, "twice")
                    for (alias, name) in endpoint.queryAliases where name == parameter.0 {
                        try refuse(valid + [(alias, "x")], alias, "twice, once by its alias")
                    }
                    guard !["bank_name", "documents"].contains(parameter.0) else { continue }
                    for value in ["", "a\u{0}b", "a\nb", String(repeating: "x", count: 201)] {
                        query = valid
                        query[index].1 = value
                        try refuse(query, parameter.0, "not an identifier")
                    }
                }
                #expect(front.received.count == 0)
            }
        }
    }
}

/// An error of this status in the one form that errors have, about this field.
func expect(
    _ reply: Reply, _ status: Int, field: String = "", _ why: String, sourceLocation: SourceLocation = #_sourceLocation
) {
    let problem = reply.errorFormProblem
    #expect(problem == nil, "\(why)", sourceLocation: sourceLocation)
    #expect(reply.status == status, "\(why) → \(reply.text.prefix(300))", sourceLocation: sourceLocation)
    #expect(reply.field ?? "" == field, "\(why) → \(reply.text.prefix(300))", sourceLocation: sourceLocation)
    #expect(reply.requestID == reply["X-Request-Id"], sourceLocation: sourceLocation)
}
