import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing

/// Every route of the endpoint table, served by scripted providers, asked with values made from the schemas.
struct RouteTests {
    private static let endpoints = Endpoints.all.map(\.id)

    @Test(
        "every route takes a valid request, brings it to the provider whole, and answers by its schema",
        arguments: endpoints)
    func valid(id: String) async throws {
        let endpoint = try #require(Endpoints.all.first { $0.id == id })
        try await withFront { front in
            try await raw {
                let connection = try front.connect()
                for request in ValidRequest.all(of: endpoint) {
                    let requestID = "valid-\(request.name)"
                    let reply = try connection.ask(
                        request.verb, request.target, request.body, headers: "X-Request-Id: \(requestID)\r\n")
                    #expect(reply.status == 200, "\(request.name): \(reply.text)")
                    #expect(reply["X-Request-Id"] == requestID)
                    #expect(problem(with: reply, of: endpoint) == nil, "\(request.name)")
                    let received = try #require(front.received[requestID], "\(request.name)")
                    #expect(received.method == id)
                    #expect(received.query == request.received.query, "\(request.name)")
                    #expect(contains(received.body, request.received.body), "\(request.name)")
                    #expect(received.resource == endpoint.routingKey.listedKind.flatMap { ScriptedStack.ids[$0] } ?? "")
                }
            }
        }
    }

    @Test("a route that streams on request answers with events of its schema", arguments: endpoints)
    func streamed(id: String) async throws {
        let endpoint = try #require(Endpoints.all.first { $0.id == id })
        guard endpoint.streaming == .onRequest, let body = endpoint.body, let event = endpoint.event,
            case .object(var object) = Samples.sample(for: body, isMinimal: true)
        else { return }
        object["stream"] = true
        if let items = object["messages"], items == [] {
            object["messages"] = [["role": "user", "content": "hello"]]
        }
        let text = JSON.object(object).text
        try await withFront { front in
            let reply = try await front.ask(endpoint.route.verb.rawValue, endpoint.route.path, text)
            #expect(reply.status == 200)
            #expect(reply["Content-Type"] == "text/event-stream")
            let records = reply.text.components(separatedBy: "\n\n")
            #expect(records.last == "")
            #expect(records.count > 2)
            for record in records.dropLast() {
                let json = try JSON(parsing: Array(record.dropFirst("data: ".count).utf8))
                #expect(record.hasPrefix("data: "))
                #expect(event.matches(json), "\(record)")
            }
        }
    }
}

/// A request that must be served.
struct ValidRequest: Sendable {
    var name: String
    var verb: String
    var target: String
    var body: String?
    /// What the provider must see.
    var received: (query: JSON, body: JSON)

    /// Its routes and aliases, with and without a trailing slash, with every field and with as few as may be.
    static func all(of endpoint: EndpointDescription) -> [ValidRequest] {
        var requests: [ValidRequest] = []
        for (index, route) in endpoint.routes.enumerated() {
            for isMinimal in [false, true] {
                let trimmed = route.path.hasSuffix("/") ? String(route.path.dropLast()) : route.path
                let forms =
                    [(trimmed, [:]), (trimmed + "/", [:])] + endpoint.queryAliases.map { (trimmed, [$0.value: $0.key]) }
                for (form, names) in forms.enumerated() {
                    requests.append(
                        request(
                            "\(endpoint.method)-\(index)-\(isMinimal ? "min" : "full")-\(form)", endpoint, route,
                            form: names.1,
                            path: names.0, isMinimal))
                }
            }
        }
        return requests
    }

    private static func request(
        _ name: String, _ endpoint: EndpointDescription, _ route: EndpointDescription.Route,
        form aliases: [String: String],
        path: String, _ isMinimal: Bool
    ) -> ValidRequest {
        let sent = Samples.sample(of: endpoint.query, isMinimal: isMinimal)
        let members = sent.objectValue?.members ?? []
        var query = members.map { (aliases[$0.key] ?? $0.key, $0.value.stringValue ?? $0.value.text) }
        if route.takesParametersInBody {
            let body = JSON.object(
                query.reduce(into: JSONObject()) { object, parameter in object[parameter.0] = .string(parameter.1) })
            return ValidRequest(
                name: name, verb: route.verb.rawValue, target: path, body: body.text, received: (sent, .null))
        }
        var body = endpoint.body.map { Samples.sample(for: $0, isMinimal: isMinimal) }
        if let parameter = route.bodyParameter {
            query += [(parameter, "one"), (parameter, "two & three")]
            body = ["one", "two & three"]
        }
        return ValidRequest(
            name: name, verb: route.verb.rawValue, target: HTTPFrontTests.target(path, query),
            body: route.bodyParameter == nil ? body?.text : nil, received: (sent, body ?? .null))
    }
}

/// What is wrong with the answer to a valid request.
private func problem(with reply: Reply, of endpoint: EndpointDescription) -> String? {
    if endpoint.streaming == .always {
        return reply["Content-Type"] == "text/event-stream" && reply.text.hasPrefix("data: {") ? nil : reply.text
    }
    switch endpoint.answerFormat {
    case .empty: return reply.body.isEmpty && reply["Content-Length"] == "0" ? nil : "not empty: \(reply.text)"
    case .json:
        guard reply["Content-Type"] == "application/json" else { return reply["Content-Type"] ?? "no type" }
        return endpoint.answer?.matches(reply.json) == true ? nil : "it does not fit the schema: \(reply.text)"
    case .jsonLines:
        guard reply["Content-Type"] == "application/jsonl" else { return reply["Content-Type"] ?? "no type" }
        let lines = reply.body.split(separator: 0x0A).map { (try? JSON(parsing: Array($0))) ?? .null }
        return endpoint.answer?.matches(.array(lines)) == true ? nil : "it does not fit the schema: \(reply.text)"
    }
}

/// Whether `whole` has everything that `part` has: a provider sees the defaults too. Numbers by value.
private func contains(_ whole: JSON, _ part: JSON) -> Bool {
    switch (whole, part) {
    case (.object(let whole), .object(let part)):
        part.members.allSatisfy { member in
            whole[member.key].map { contains($0, member.value) } ?? (member.value == .null)
        }
    case (.array(let whole), .array(let part)):
        whole.count == part.count && zip(whole, part).allSatisfy { contains($0, $1) }
    case (.number(let whole), .integer(let part)): whole == Double(part)
    default: whole == part
    }
}
