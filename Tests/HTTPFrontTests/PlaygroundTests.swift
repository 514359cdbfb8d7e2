import Foundation
import LlamaStackAPI
import Testing

@testable import HTTPFront
@testable import Host

/// The pages for a browser, as files.
struct PlaygroundTests {
    @Test("every file is served with its type, a tag, and a policy that lets nothing else in")
    func files() async throws {
        try await withFront { front in
            for (path, file) in PlaygroundPages.files {
                let reply = try await front.ask("GET", path)
                #expect(reply.status == 200)
                #expect(reply["Content-Type"] == file.type)
                #expect(reply["ETag"] == file.tag)
                #expect(reply["X-Content-Type-Options"] == "nosniff")
                #expect(
                    reply["Content-Security-Policy"] == """
                        default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                        img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
                        """)
                #expect(Array(reply.body) == file.bytes)
            }
        }
        #expect(PlaygroundPages.files.allSatisfy { $0.file.type != nil })
    }

    @Test("a file that the browser has is not sent again")
    func tags() async throws {
        let tag = try #require(PlaygroundFile.all.first { $0.name == "app.js" }?.tag)
        try await withFront { front in
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let reply = try await front.ask("GET", "/ui/app.js", headers: "If-None-Match: \(known)\r\n")
                #expect(reply.status == 304)
                #expect(reply.body.isEmpty)
                #expect(reply["ETag"] == tag)
            }
            #expect(try await front.ask("GET", "/ui/app.js", headers: "If-None-Match: \"other\"\r\n").status == 200)
        }
    }

    @Test("a browser that takes gzip gets less than half of the bytes, under a tag of their own")
    func packed() async throws {
        let file = try #require(PlaygroundFile.all.first { $0.name == "style.css" })
        try await withFront { front in
            for taken in ["gzip, deflate, br", "br;q=1, GZIP;q=0.5", "deflate, gzip ; q=1"] {
                let reply = try await front.ask("GET", "/ui/style.css", headers: "Accept-Encoding: \(taken)\r\n")
                #expect(reply["Content-Encoding"] == "gzip" && reply["Vary"] == "Accept-Encoding", "\(taken)")
                #expect(reply["ETag"] == file.packedTag && file.packedTag != file.tag)
                #expect(Array(reply.body) == file.packed && reply.body.count < file.bytes.count / 2)
                let again = try await front.ask(
                    "GET", "/ui/style.css",
                    headers: "Accept-Encoding: \(taken)\r\nIf-None-Match: \(file.packedTag)\r\n")
                #expect(again.status == 304 && again.body.isEmpty && again["Content-Encoding"] == nil)
            }
            for refused in ["identity", "gzip;q=0", "gzip; q=0.0, br", "x-gzip-like"] {
                let reply = try await front.ask("GET", "/ui/style.css", headers: "Accept-Encoding: \(refused)\r\n")
                #expect(reply["Content-Encoding"] == nil && reply["ETag"] == file.tag, "\(refused)")
                #expect(Array(reply.body) == file.bytes && reply["Vary"] == "Accept-Encoding")
            }
        }
    }

    @Test("the page is sent in 100 KB in all")
    func size() throws {
        let total = try PlaygroundFile.all.map { try #require($0.packed).count }.reduce(0, +)
        #expect(total <= 100_000, "\(total) bytes")
    }

    @Test("below the path of a proxy the page stands at the path with its slash")
    func pathPrefix() async throws {
        try await withFront({ $0.pathPrefix = "/a/llama" }) { front in
            #expect(try await front.ask("GET", "/a/llama/").status == 200)
            #expect(try await front.ask("GET", "/a/llama/ui/app.js").status == 200)
            let bare = try await front.ask("GET", "/a/llama")
            #expect(bare.status == 308)
            #expect(bare["Location"] == "llama/")
            #expect(try await front.ask("GET", "/ui/app.js").status == 404)
        }
    }

    @Test("`playground: false` serves none of it")
    func off() async throws {
        let statuses = try await withFront({ $0.hasPlayground = false }) { front in
            var statuses: [Int] = []
            for path in PlaygroundPages.paths + ["/v1/models"] {
                statuses.append(try await front.ask("GET", path).status)
            }
            return statuses
        }
        #expect(statuses == PlaygroundPages.paths.map { _ in 404 } + [200])
    }

    @Test(
        "the lines that bring an API which is not served are lines of a distribution, one piece for each API with a tab"
    )
    func lines() throws {
        let file = try #require(PlaygroundFile.all.first { $0.name == "tabs.js" })
        let text = String(decoding: file.bytes, as: UTF8.self)
        var served: [API] = []
        for match in text.matches(of: #/\n  (\w+): `([^`]+)`/#) {
            let yaml = "version: 1\n\(match.2)\n"
            let manifest = try Manifest.parse(
                Array(yaml.utf8), file: "\(match.1)", directory: "/nowhere", environment: [:])
            #expect(manifest.providers.map(\.api.rawValue).contains(String(match.1)))
            served += API.allCases.filter { $0.rawValue == match.1 }
        }
        for match in text.matches(of: #/row\("\w+", "[^"]+", "(\w+)"/#) {
            #expect(served.contains { $0.rawValue == match.1 }, "\(match.1)")
        }
    }

    @Test("every file of the folder is part of the program, as it is")
    func folder() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Sources/Playground/pages").path
        let found = try FileManager.default.subpathsOfDirectory(atPath: folder)
        let names = found.filter { $0.contains(".") && !$0.split(separator: "/").contains { $0.hasPrefix(".") } }
        #expect(Set(PlaygroundFile.all.map(\.name)) == Set(names))
        for file in PlaygroundFile.all {
            #expect(FileManager.default.contents(atPath: "\(folder)/\(file.name)").map(Array.init) == file.bytes)
        }
    }

    @Test("every file that a page or a module refers to is there")
    func references() throws {
        let names = Set(PlaygroundFile.all.map(\.name))
        for file in PlaygroundFile.all {
            let text = String(decoding: file.bytes, as: UTF8.self)
            let folder = file.name.split(separator: "/").dropLast().map(String.init)
            for match in text.matches(of: #/from "([^"]+)"|(?:href|src)="ui/([^"]+)"/#) {
                var path = match.2 == nil ? folder : []
                for part in (match.1 ?? match.2 ?? "").split(separator: "/") where part != "." {
                    if part == ".." { path.removeLast() } else { path.append(String(part)) }
                }
                #expect(names.contains(path.joined(separator: "/")), "\(file.name) refers to \(path)")
            }
        }
    }
}
