import Foundation
import Testing

extension EndToEnd {
    /// Model files that are none. Each ends `run` with 78, at the line of its path and naming the file; never by a
    /// signal.
    @Suite struct BadModelTests {
        @Test("a model file that is cut off is refused, wherever the cut is")
        func truncated() throws {
            let bytes = try Fixture.bytes("models/llama.gguf")
            let sizes = [0, 1, 4, 8, 24, 100, 1000, 4096, 20_000, bytes.count / 2, bytes.count - 1]
            for size in sizes { try expectRefused(Array(bytes.prefix(size)), "cut at \(size)") }
        }

        @Test("the real model cut off is refused at once, not in the middle of an answer")
        func realTruncated() throws {
            let file = try Setting.requireModel()
            let handle = try #require(FileHandle(forReadingAtPath: file))
            defer { try? handle.close() }
            let bytes = try #require(try handle.read(upToCount: 4_000_000))
            for size in [300_000, 4_000_000] {
                try expectRefused(Array(bytes.prefix(size)), "cut at \(size)")
            }
        }

        @Test("random bytes are refused as no GGUF")
        func random() throws {
            var random = SplitMix(state: 1)
            let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
            #expect(try expectRefused(bytes, "random").contains("GGUF"))
        }

        @Test("random bytes after a sound magic are refused")
        func magicAlone() throws {
            var random = SplitMix(state: 2)
            for version: UInt8 in [2, 3] {
                let bytes = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
                try expectRefused(Array("GGUF".utf8) + [version, 0, 0, 0] + bytes, "version \(version)")
            }
        }

        @Test("an unknown architecture is refused by its name, with the known ones")
        func architecture() throws {
            var header = try Self.realHeader()
            let key = Array("general.architecture".utf8)
            let start = try #require(header.indices.first { header[$0...].starts(with: key) })
            // After the key: its type, the length of its value, the value.
            let value = start + key.count + 4 + 8
            try #require(header[value..<value + 5].elementsEqual("llama".utf8))
            header.replaceSubrange(value..<value + 5, with: "lhama".utf8)
            let folder = try TemporaryFolder()
            let errors = try expectRefused(path: try Self.withEmptyWeights(header, in: folder), "architecture")
            #expect(errors.contains("lhama") && errors.contains("llama") && errors.contains("qwen2"))
        }

        @Test("a real header with random bytes changed either serves or is refused, and never crashes the command")
        func mutated() throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("bad model: seed \(seed)")
            var random = SplitMix(state: seed)
            let header = try Self.realHeader()
            for index in 0..<20 {
                var changed = header
                // The first keys half of the time; then the vocabulary, the merges and the tensors.
                let end = index % 2 == 0 ? 2000 : header.count
                for _ in 0..<Int.random(in: 1...8, using: &random) {
                    changed[Int.random(in: 0..<end, using: &random)] = UInt8.random(in: 0...255, using: &random)
                }
                let folder = try TemporaryFolder()
                let file = try Self.distribution(try Self.withEmptyWeights(changed, in: folder)).file()
                let command = try Command.run(["validate", file.path])
                #expect(
                    [.exit(0), .exit(78)].contains(command.end),
                    "seed \(seed), file \(index): \(command.end) \(command.errors)")
            }
        }

        @Test("a chat template that can't be parsed is refused at its model's line, by `validate` as by `run`")
        func brokenTemplate() throws {
            var header = try Self.realHeader()
            let key = Array("tokenizer.chat_template".utf8)
            let start = try #require(header.indices.first { header[$0...].starts(with: key) })
            let word = try #require(header.indices.first { $0 > start && header[$0...].starts(with: "endfor".utf8) })
            // Behind the key stand the type of its value, in 4 bytes, and the length of the text, in 8.
            let line = 1 + header[start + key.count + 12..<word].count { $0 == UInt8(ascii: "\n") }
            header.replaceSubrange(word..<word + 6, with: "endfur".utf8)
            let folder = try TemporaryFolder()
            let path = try Self.withEmptyWeights(header, in: folder)
            let mistake = "can't serve model 'bad': \(path): chat template, line \(line): unknown tag 'endfur'"
            let said = try expectRefused(path: path, "template")
            #expect(said.contains(mistake), "\(said)")
            let file = try Self.distribution(path).file()
            let errors = try Command.run(["validate", file.path], exits: 78).errors
            #expect(errors.contains("\(file.path):13:11: error: inference/cpu \(mistake)"), "\(errors)")
        }

        @Test("a folder in place of a file is refused")
        func folder() throws {
            let folder = try TemporaryFolder()
            try expectRefused(path: folder.path, "folder")
        }

        @Test("a file that is not there is refused")
        func missing() throws {
            let folder = try TemporaryFolder()
            #expect(try expectRefused(path: folder.path + "/no.gguf", "missing").contains("there is no file"))
        }

        @Test("counts of 2⁶³ reserve nothing")
        func counts() throws {
            var bytes = try Fixture.bytes("models/llama.gguf")
            for range in [8..<16, 16..<24] {
                let kept = bytes
                bytes.replaceSubrange(range, with: [0, 0, 0, 0, 0, 0, 0, 0x80])
                try expectRefused(bytes, "count at \(range)")
                bytes = kept
            }
        }

        /// What it says.
        @discardableResult
        private func expectRefused(
            _ bytes: [UInt8], _ what: String, at location: SourceLocation = #_sourceLocation
        ) throws -> String {
            let folder = try TemporaryFolder()
            return try expectRefused(path: try folder.write(bytes, "bad.gguf"), what, at: location)
        }

        @discardableResult
        private func expectRefused(
            path: String, _ what: String, at location: SourceLocation = #_sourceLocation
        ) throws -> String {
            let file = try Self.distribution(path).file()
            let command = try Command.run(["run", file.path, "--port", "0"])
            #expect(command.end == .exit(78), "\(what): \(command.errors)", sourceLocation: location)
            #expect(command.output.isEmpty, "\(what)", sourceLocation: location)
            // The line of its path in the file.
            let diagnostic = command.errors.split(separator: "\n").first { $0.hasPrefix("\(file.path):13:11: error: ") }
            let said = try #require(diagnostic, "\(what): \(command.errors)", sourceLocation: location)
            #expect(said.contains(path), "\(what): \(said)", sourceLocation: location)
            return String(said)
        }

        /// Everything of the default model before its weights.
        private static func realHeader() throws -> [UInt8] {
            let handle = try #require(FileHandle(forReadingAtPath: try Setting.requireModel()))
            defer { try? handle.close() }
            return Array(try #require(try handle.read(upToCount: 1_800_000)))
        }

        /// A file as long as the default model, whose weights are a hole.
        private static func withEmptyWeights(_ header: [UInt8], in folder: TemporaryFolder) throws -> String {
            let path = try folder.write(header, "model.gguf")
            let size = try FileManager.default.attributesOfItem(atPath: try Setting.requireModel())[.size] as? Int
            try #require(truncate(path, off_t(try #require(size))) == 0)
            return path
        }

        private static func distribution(_ path: String) -> Distribution {
            Distribution(
                providers: [.init(id: "cpu", type: "inline::cpu")],
                models: [.init(id: "bad", provider: "cpu", path: path)])
        }
    }
}
