import Foundation
import ProviderKit
import Testing

@testable import SyntheticDataReference

struct DatasetFolderTests {
    private func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
        let path = FileManager.default.temporaryDirectory.path + "/folder-" + UUID().uuidString
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }

    private func files(_ path: String) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path) }

    @Test func `the folder is made, and rows are lines of a file of their own`() throws {
        try withFolder { path in
            let folder = try DatasetFolder(path: path + "/a/b")
            let rows: [JSONObject] = [["text": "a\nb"], ["text": "\u{1F426}"]]
            let first = try folder.add(rows, for: "x")
            let second = try folder.add(rows, for: "x")
            #expect(first.path != second.path && first.url.string.hasPrefix("file:///"))
            #expect(try files(path + "/a/b").count == 2)
            let text = try String(contentsOfFile: first.path, encoding: .utf8)
            #expect(text == "{\"text\":\"a\\nb\"}\n{\"text\":\"\u{1F426}\"}\n")
            let mode = try FileManager.default.attributesOfItem(atPath: first.path)[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }
    }

    @Test(arguments: ["../../etc/passwd", "a/b", "ü\u{0}x", String(repeating: "long", count: 50), "..", "%41 ?#"])
    func `an id can't lead out of the folder`(_ id: String) throws {
        try withFolder { path in
            let file = try DatasetFolder(path: path).add([["a": 1]], for: id)
            #expect(try files(path) == [String(file.path.dropFirst(path.count + 1))])
            #expect(file.path.utf8.count < path.utf8.count + 128)
            let plain = file.path.dropFirst(path.count + 1).dropLast(".jsonl".count)
            #expect(
                plain.utf8.allSatisfy { Character(.init($0)).isLetter || Character(.init($0)).isNumber || $0 == 45 })
            #expect(Foundation.URL(string: file.url.string)?.path == file.path)
        }
    }

    @Test func `a folder that is gone or read-only fails the dataset and leaves nothing`() throws {
        try withFolder { path in
            let folder = try DatasetFolder(path: path)
            try FileManager.default.removeItem(atPath: path)
            let error = #expect(throws: ProviderError.self) { try folder.add([["a": 1]], for: "x") }
            #expect(error?.code == .providerUnavailable)
        }
    }

    @Test func `a file in the folder's place fails the start by its key`() throws {
        try withFolder { path in
            try Data().write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: ConfigurationError.self) { try DatasetFolder(path: path + "/x") }
            #expect(error?.problems.first?.pointer == "/dataset_folder")
        }
    }
}
