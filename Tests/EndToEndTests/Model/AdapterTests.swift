import LlamaStackAPI
import RawHTTP
import Testing

extension EndToEnd {
    /// Adapters as models of their own, over HTTP, beside the model that they share.
    @Suite struct AdapterTests {
        private static func distribution(_ folder: TemporaryFolder) throws -> Distribution {
            var distribution = try Distribution.cpu()
            distribution.models += [
                .init(
                    id: "all", provider: "cpu", base: "smollm",
                    adapter: try RandomAdapter(seed: 1).write("all", in: folder)),
                .init(
                    id: "some", provider: "cpu", aliases: "[llama3_70b_chat]", base: "smollm",
                    adapter: try RandomAdapter(
                        seed: 2, rank: 4, targets: ["q_proj", "v_proj"], isRankStabilised: true
                    ).write("some", in: folder)),
            ]
            return distribution
        }

        @Test("base and two adapters answer four requests at once as each does alone")
        func together() throws {
            let folder = try TemporaryFolder()
            try Server.run(try Self.distribution(folder)) { server in
                #expect(server.startLine.contains("  models: smollm, all, some  "))
                let answer = { @Sendable (model: String) in
                    let reply = try server.post(
                        Requests.chatPath,
                        Requests.chat("Tell me about the sea.", model: model, maxTokens: 40, ["logprobs": true]))
                    guard reply.status == 200 else { throw Missing("\(reply.status): \(reply.text)") }
                    return reply.json
                }
                let names = ["smollm", "all", "some"]
                let alone = try names.map(answer)
                #expect(Set(alone.map { $0["logprobs"] }).count == 3)
                let order = [0, 1, 2, 1]
                let replies = try concurrently(order.count) { try answer(names[order[$0]]) }
                for (index, reply) in zip(order, replies) { #expect(reply == alone[index], "\(names[index])") }
                // By an alias, in a batch, which answers a line for each dialog.
                let batch = try server.post(
                    Requests.batchChatPath,
                    [
                        "model": "llama3_70b_chat", "max_tokens": 40, "logprobs": true,
                        "batch_dialogs": .array([Requests.dialog("Tell me about the sea.")]),
                    ])
                #expect(batch.json == alone[2])
            }
        }

        @Test("an adapter that can't be served ends the start at its line, with its file and what is wrong in it")
        func refused() throws {
            let folder = try TemporaryFolder()
            var distribution = try Self.distribution(folder)
            _ = try folder.write(
                "{\"peft_type\": \"LORA\", \"r\": 2, \"lora_alpha\": 4, \"lora_bias\": true}",
                "all/adapter_config.json")
            let file = try distribution.file()
            let command = try Command.run(["validate", file.path], exits: 78)
            #expect(command.errors.contains("error: inference/cpu can't serve model"), "\(command.errors)")
            #expect(command.errors.contains("can't serve model 'all'"))
            #expect(command.errors.contains("adapter_config.json: setting 'lora_bias': found true, wanted off"))
            distribution.models[1].base = "smolm"
            let other = try distribution.file()
            let misspelt = try Command.run(["validate", other.path], exits: 78)
            #expect(misspelt.errors.contains("(did you mean 'smollm'?)"), "\(misspelt.errors)")
        }
    }
}
