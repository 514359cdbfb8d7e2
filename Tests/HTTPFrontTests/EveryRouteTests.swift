import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

@testable import Dialects
@testable import HTTPFront
@testable import Host

/// What every row of every table does to a bad request before its provider hears of it, in the form that its errors
/// have. The rows are asked of the router, so that a new one is not forgotten.
struct EveryRouteTests {
    private struct Row {
        var verb: String
        var path: String
        var takesBody: Bool
    }

    /// All but the pages.
    private func rows() async throws -> [Row] {
        let stack = try await Stack.start(try ScriptedStack.manifest(), environment: [:])
        let routes = EndpointRoutes(
            stack: stack, settings: ServerSettings(), dialects: Dialects.all, drain: Drain()
        ).table
        await stack.shutdown(withinSeconds: 2)
        let pages = Set(PlaygroundPages.paths.map { $0 == "/" ? "" : $0 })
        return routes.filter { $0.verb != "HEAD" && !pages.contains($0.path) }.map { verb, path in
            let draft = Endpoints.all.lazy.compactMap { endpoint in
                endpoint.routes.first { $0.verb.rawValue == verb && "/" + Self.plain($0.path) == path }.map {
                    ($0.takesParametersInBody || endpoint.body != nil) && $0.bodyParameter == nil
                }
            }.first
            let dialect = Dialects.all.flatMap(\.endpoints).first { endpoint in
                endpoint.verb.rawValue == verb && endpoint.paths.contains { $0.description == path }
            }
            return Row(
                verb: verb, path: path.replacing("{model}", with: "m"),
                takesBody: draft ?? (dialect?.body != nil))
        }
    }

    private static func plain(_ path: String) -> String { path.split(separator: "/").joined(separator: "/") }

    /// Asks each row, on a connection of its own where the answer ends it.
    private func ask(
        _ what: String, _ status: Int, code: String, where isAsked: (Row) -> Bool = { _ in true },
        configure: @escaping (inout ServerSettings) -> Void = { _ in },
        _ request: @escaping @Sendable (_ verb: String, _ path: String, _ port: Int) -> String
    ) async throws {
        let rows = try await rows().filter(isAsked)
        #expect(rows.count > 4)
        try await withFront(configure) { front in
            try await raw {
                for row in rows {
                    let connection = try front.connect()
                    connection.raw.send(request(row.verb, row.path, front.port))
                    let reply = try connection.reply()
                    expectError(reply, status, code, row.path, "\(what): \(row.verb) \(row.path)")
                }
                #expect(front.received.count == 0)
                #expect(try front.connect().ask("GET", "/health/live").status == 200)
            }
        }
    }

    @Test(
        "no row answers for another host",
        arguments: ["evil.test", "127.0.0.1.evil.test", "localhost.", "0.0.0.0", "127.0.0.1:1", "[::1]"])
    func hosts(host: String) async throws {
        try await ask(host, 403, code: "host_not_allowed") { verb, path, _ in
            "\(verb) \(path) HTTP/1.1\r\nHost: \(host)\r\nContent-Length: 0\r\n\r\n"
        }
    }

    @Test("no row answers a page of another origin", arguments: ["http://evil.test", "null", "https://127.0.0.1"])
    func origins(origin: String) async throws {
        try await ask(origin, 403, code: "origin_not_allowed") { verb, path, port in
            "\(verb) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nOrigin: \(origin)\r\nContent-Length: 0\r\n\r\n"
        }
    }

    @Test("every row refuses a verb that it does not have, and names those it has")
    func verbs() async throws {
        try await ask("PATCH", 405, code: "method_not_allowed") { _, path, port in
            "PATCH \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: 0\r\n\r\n"
        }
    }

    private static func post(
        _ verb: String, _ path: String, _ port: Int, type: String = "application/json", more: String = "",
        _ body: String
    ) -> String {
        "\(verb) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Type: \(type)\r\n\(more)"
            + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    @Test(
        "no row takes a form of a web page, nor a packed body",
        arguments: [
            ("text/plain", ""), ("multipart/form-data; boundary=x", ""), ("application/x-www-form-urlencoded", ""),
            ("application/json", "Content-Encoding: gzip\r\n"),
        ])
    func types(type: String, more: String) async throws {
        try await ask(type, 415, code: "unsupported_media_type", where: Self.readsBodyFirst) { verb, path, port in
            Self.post(verb, path, port, type: type, more: more, "{}")
        }
    }

    @Test("no row reads a body over its limit")
    func limits() async throws {
        try await ask(
            "2,001 bytes", 413, code: "body_too_large", where: Self.readsBodyFirst,
            configure: { $0.limits.bodyBytesMax = 2000 }
        ) { verb, path, port in
            Self.post(verb, path, port, String(repeating: " ", count: 2001))
        }
    }

    @Test(
        "no row reads what is too deep, too long or no JSON",
        arguments: [
            ("65 levels", String(repeating: "[", count: 65), "json_too_deep"),
            ("100,000 levels", String(repeating: #"{"a":"#, count: 100_000), "json_too_deep"),
            ("a million items", #"{"a":["# + String(repeating: "1,", count: 999_999) + "1]}", "invalid_json"),
            ("100,000 keys", "{" + (0..<100_000).map { #""\#($0)":1"# }.joined(separator: ",") + "}", "invalid_json"),
            ("a lone surrogate", #"{"model":"\ud800"}"#, "invalid_json"), ("nothing", "", "invalid_json"),
            ("a key twice", #"{"model":"a","model":"b"}"#, "invalid_json"), ("1e400", #"{"a":1e400}"#, "invalid_json"),
        ])
    func json(name: String, body: String, code: String) async throws {
        try await ask(name, 400, code: code, where: Self.readsBodyFirst) { verb, path, port in
            Self.post(verb, path, port, body)
        }
    }

    /// The routes of memory banks that take their ids in the query look there first.
    private static func readsBodyFirst(_ row: Row) -> Bool {
        row.takesBody
            && !Endpoints.all.contains { endpoint in
                endpoint.query.contains(where: \.isRequired)
                    && endpoint.routes.contains { "/" + plain($0.path) == row.path }
            }
    }
}

/// An error in the form of the table that the path is in.
private func expectError(_ reply: Reply, _ status: Int, _ code: String, _ path: String, _ why: String) {
    #expect(reply.status == status, "\(why) → \(reply.text.prefix(300))")
    if Dialects.all.contains(where: { $0.owns(path) }) {
        let error = reply.json["error"]
        #expect(error?.objectValue?.keys == ["message", "type", "param", "code"], "\(why) → \(reply.text.prefix(300))")
        #expect(error?["code"]?.stringValue == code, "\(why) → \(reply.text.prefix(300))")
    } else {
        #expect(reply.errorFormProblem == nil, "\(why)")
        #expect(reply.code == code, "\(why) → \(reply.text.prefix(300))")
    }
    #expect(reply.body.count < 2000, "\(why)")
}
