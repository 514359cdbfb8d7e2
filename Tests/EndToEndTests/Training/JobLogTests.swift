import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// A job's log over HTTP: lines that would break a stream or steer a terminal, and readers that read nothing.
    @Suite struct JobLogTests {
        private static let hostile =
            "refuse:\r\n\r\ndata: {\"job_uuid\": \"b\"}\r\nevent: error\n\n\u{1B}[2J\u{0}\u{2028}"

        /// The tiny model with a template that repeats in an error what a message says.
        private static func model() throws -> [UInt8] {
            let refusal = "{% if m['content'][:7] == 'refuse:' %}{{ raise_exception(m['content']) }}{% endif %}"
            let turn = "<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n"
            var template =
                "{% for m in messages %}\(refusal)\(turn){% endfor %}"
                + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
            var file = try Fixture.bytes("training/chat.gguf")
            let key = Array("tokenizer.chat_template".utf8)
            let found = file.indices.first { file[$0...].starts(with: key) }
            // Behind the key: a type of 4 bytes, a length of 8, the text.
            let start = try #require(found) + key.count + 12
            let length = file[(start - 8)..<start].reversed().reduce(0) { $0 << 8 | Int($1) }
            // What follows stays where a multiple of 32 bytes begins.
            while (template.utf8.count - length) % 32 != 0 { template += " " }
            file.replaceSubrange(start..<(start + length), with: Array(template.utf8))
            for byte in 0..<8 { file[start - 8 + byte] = UInt8(template.utf8.count >> (8 * byte) & 0xFF) }
            return file
        }

        @Test("a hundred readers have every line, whatever is in it, and those that read nothing delay no other")
        func readers() throws {
            let folder = try TemporaryFolder()
            let model = try folder.write(try Self.model(), "chat.gguf")
            let file = try folder.write(
                TrainingFixture.distribution(state: folder.path + "/state", model: model), "train.yaml")
            let text = Self.hostile + String(repeating: "x", count: 1 << 20)
            let row: JSON = [
                "dialog": [
                    ["role": "user", "content": .string(text)], ["role": "assistant", "content": "never"],
                ]
            ]
            let request = try TrainingFixture.request(
                "a", steps: 2_000, checkpointSteps: 1_000, rows: [row.text] + TrainingFixture.rows)
            try Server.run(file: file) { server in
                #expect(try server.train(request).status == 200)
                let stalled = try (0..<20).map { _ in try server.follow("a", receiveBufferBytes: 4096) }
                let logs = try concurrently(80) { _ in try server.jobLog("a") }
                let lines = try #require(logs.first)
                #expect(logs.allSatisfy { $0 == lines })
                #expect(lines.last == "completed", "\(lines.suffix(3))")
                #expect(lines.filter { $0.hasPrefix("step ") }.count == 2_000)
                let refused = try #require(lines.first { $0.contains("first_refusal") })
                #expect(refused.contains(#"refuse:\u000D\u000A\u000D\u000Adata: {"#), "\(refused.prefix(400))")
                #expect(refused.contains(#"\u001B[2J\u0000\u2028xxx"#))
                #expect(refused.utf8.count <= 8 << 10)
                let isClean = lines.allSatisfy { line in
                    line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) }
                }
                #expect(isClean)
                #expect(try server.jobLog("a") == lines)
                #expect(server.isAlive)
                withExtendedLifetime(stalled) {}
            }
        }
    }
}
