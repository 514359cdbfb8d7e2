import Testing

@testable import LlamaStackAPI

struct CatalogTests {
    @Test("the routes are the golden ones")
    func routes() throws {
        let lines = Endpoints.all.map { endpoint -> String in
            let streaming =
                switch endpoint.streaming {
                case .never: "-"
                case .onRequest: "stream"
                case .always: "events"
                }
            let routing =
                switch endpoint.routingKey {
                case .none: "-"
                case .listed(let kind): kind.name
                case .resource(let name): name.key
                case .creation(let name): "\(name.key), new"
                case .all: "all"
                case .tool(let name): "\(name.key), first"
                case .toolList: "all, first"
                }
            let columns = [
                endpoint.route.verb.rawValue, endpoint.route.path, endpoint.id, "\(endpoint.answerFormat)", streaming,
                "by \(routing)", "\(endpoint.bodyBytesMax >> 20) MiB",
                endpoint.aliases.map {
                    "also \($0.verb.rawValue) \($0.path)" + ($0.bodyParameter.map { " ?\($0)=" } ?? "")
                        + ($0.takesParametersInBody ? " {}" : "")
                }
                .joined(separator: ", "),
                endpoint.queryAliases.sorted { $0.key < $1.key }.map { "\($0.key) = \($0.value)" }.joined(
                    separator: ", "),
            ]
            return columns.joined(separator: " | ")
        }
        try Fixture.expectGolden(lines.joined(separator: "\n") + "\n", "routes.txt")
    }

    @Test("no two endpoints share a name, and no two routes a verb and a path")
    func unique() {
        let ids = Endpoints.all.map(\.id)
        #expect(Set(ids).count == ids.count)
        let routes = Endpoints.all.flatMap(\.routes).map { "\($0.verb) \($0.path)" }
        #expect(Set(routes).count == routes.count)
    }

    @Test("every API has endpoints and is found by its methods")
    func find() {
        for api in API.allCases {
            #expect(!api.endpoints.isEmpty)
            for endpoint in api.endpoints { #expect(Endpoints.find(api, endpoint.method)?.id == endpoint.id) }
        }
        #expect(Endpoints.find(.inference, "no_such") == nil)
    }

    @Test("methods are lower snake words and no internal method's name")
    func methods() {
        for endpoint in Endpoints.all {
            #expect(endpoint.method.allSatisfy { $0.isLowercase || $0 == "_" })
            #expect(!ResourceMethods.all.map(\.name).contains(endpoint.method))
        }
    }

    @Test("an endpoint streams exactly when it has events, and on request exactly when its body has the field stream")
    func streaming() {
        for endpoint in Endpoints.all {
            #expect((endpoint.streaming != .never) == (endpoint.event != nil))
            var fields: [String] = []
            if case .record(let record)? = endpoint.body { fields = record.properties.map(\.key) }
            #expect((endpoint.streaming == .onRequest) == fields.contains("stream"))
            let named = endpoint.routingKey.listedKind?.requestField
            #expect(named.map(fields.contains) ?? true)
        }
    }

    @Test("what asks whether a resource is there is an endpoint that names it by that parameter")
    func probes() throws {
        for api in API.allCases {
            guard let probe = api.probe else { continue }
            let endpoint = try #require(Endpoints.find(api, probe.method))
            #expect(endpoint.routingKey == .resource(.parameter(probe.parameter)))
            #expect(endpoint.query.map(\.key) == [probe.parameter])
        }
    }

    @Test("a query alias and a routing parameter lead to a parameter that there is")
    func parameters() {
        for endpoint in Endpoints.all {
            let names = endpoint.query.map(\.key)
            for (alias, name) in endpoint.queryAliases { #expect(names.contains(name) && !names.contains(alias)) }
            var fields: [String] = []
            if case .record(let record)? = endpoint.body { fields = record.properties.map(\.key) }
            switch endpoint.routingKey {
            case .resource(.parameter(let name)), .creation(.parameter(let name)), .tool(.parameter(let name)):
                #expect(names.contains(name))
            case .resource(.field(let name)), .creation(.field(let name)), .tool(.field(let name)):
                #expect(fields.contains(name))
            case .listed(let kind): #expect(kind.server(endpoint.api) != nil && kind.requestField != nil)
            case .none, .all, .toolList: break
            }
            #expect(!names.contains(RoutingKey.providerParameter))
        }
    }
}
