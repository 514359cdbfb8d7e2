import Foundation
import Host
import ProviderKit
import Testing

/// Which content_url is opened, and which is not.
@Suite(.timeLimit(.minutes(10)))
struct ContentURLTests {
    private func refused(_ server: DatasetServer, _ url: String) async -> CallError? {
        await refusal { try await server.create("d", url, ["text": .json]) }
    }

    @Test("a file outside the roots is not opened, however its path is written")
    func outside() async throws {
        try await withDatasets { server, data in
            try write("{\"text\": 1}", data + "/../outside.jsonl")
            let paths = [
                "/etc/passwd", "\(data)/../outside.jsonl", "\(data)/%2e%2e/outside.jsonl", "\(data)/./../outside.jsonl",
                "\(data)%2F..%2Foutside.jsonl", "\(data)", "\(data)/", "\(data)x/a", "/proc/self/environ", "/",
                "/dev/zero",
                "\(data)/a%00.jsonl", "\(data)/a?b", "\(data)/a#b", "\(data)/%zz",
            ]
            for path in paths {
                let error = await refused(server, "file://\(path)")
                #expect(error?.code == .invalidRequest, "\(path)")
                #expect(error?.field == "dataset.content_url", "\(path)")
            }
            #expect(await refused(server, "file://server/share/a.jsonl")?.message.contains("other hosts") == true)
        }
    }

    @Test("a link is not followed, neither as the file nor as a folder above it")
    func links() async throws {
        try await withDatasets { server, data in
            let outside = URL(fileURLWithPath: data).deletingLastPathComponent().path + "/secret"
            try FileManager.default.createDirectory(atPath: outside, withIntermediateDirectories: true)
            try write("{\"text\": 1}", outside + "/a.jsonl")
            try FileManager.default.createSymbolicLink(
                atPath: data + "/file.jsonl", withDestinationPath: outside + "/a.jsonl")
            try FileManager.default.createSymbolicLink(atPath: data + "/folder", withDestinationPath: outside)
            for path in ["/file.jsonl", "/folder/a.jsonl"] {
                let error = await refused(server, "file://\(data)\(path)")
                #expect(error?.message.contains("leads over a link") == true, "\(path): \(error?.message ?? "none")")
            }
        }
    }

    @Test("a folder and a pipe are no files, and no thread waits for them")
    func kinds() async throws {
        try await withDatasets { server, data in
            try FileManager.default.createDirectory(atPath: data + "/folder", withIntermediateDirectories: true)
            try #require(mkfifo(data + "/pipe", 0o600) == 0)
            for name in ["folder", "pipe"] {
                let error = await refused(server, "file://\(data)/\(name)")
                #expect(error?.message.contains("regular file") == true)
            }
            #expect(await refused(server, "file://\(data)/none")?.message.contains("No such file") == true)
        }
    }

    @Test("a name with spaces and signs is found by its escapes")
    func escapes() async throws {
        try await withDatasets { server, data in
            try write("{\"text\": 1}", data + "/a b%ü.jsonl")
            try await server.create("d", "file://localhost\(data)/a%20b%25%C3%BC.jsonl", ["text": .json])
            #expect(try await server.get("d").contentURL.string.hasSuffix("a%20b%25%C3%BC.jsonl"))
        }
    }

    @Test("without file_roots no file is read, and the message says what to set")
    func noRoots() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/datasets-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let server = try await DatasetServer(state: folder, config: "{}")
        #expect(await refused(server, "file:///etc/passwd")?.message.contains("file_roots") == true)
        await server.stack.shutdown(withinSeconds: 10)
    }

    @Test(
        "http is refused where fetching is not enabled, and the message says what to set",
        arguments: ["http://127.0.0.1/a", "https://x.test/a.jsonl"])
    func http(_ url: String) async throws {
        try await withDatasets { server, _ in
            let error = await refused(server, url)
            #expect(error?.code == .urlNotAllowed)
            #expect(error?.message.contains("network.providers.datasets/files.enabled") == true)
            #expect(error?.field == "dataset.content_url")
        }
    }

    @Test(
        "a data: URL is read in its charset, padded or not, and in capitals",
        arguments: [
            "data:text/csv;charset=iso-8859-1,text%0Acaf%E9", "data:text/csv;charset=utf-16le;base64,dABlAHgAdAAKAGUA",
            "DATA:application/jsonl;base64,eyJ0ZXh0IjoiYSJ9Cg", "data:;charset=utf-8;base64,eyJ0ZXh0IjoiYSJ9Cg==",
            "data:application/json;charset=UTF-8,%5B%7B%22text%22:%22%C3%A9%22%7D%5D",
            "data:text/csv;charset=windows-1252,text%0A%80", "data:text/csv;header=present,text%0Aa",
        ])
    func data(_ url: String) async throws {
        try await withDatasets { server, _ in try await server.create("d", url, ["text": .text]) }
    }

    @Test(
        "a data: URL that is not one is refused",
        arguments: [
            "data:", "data:application/jsonl;base64,@", "data:;base64,e30=e30", "data:;base64,e30==", "data:;base64,e",
            "data:,{\"a\":1}#b", "data:;charset=utf-7,{}", "DATA:", "data:text/tab-separated-values,a", "data:,%7",
            "data:image/png;base64,AA==", "data:text/csv",
        ])
    func badData(_ url: String) async throws {
        try await withDatasets { server, _ in
            #expect(await refused(server, url)?.code == .invalidRequest)
        }
    }
}
