import LlamaStackAPI

/// What llama.cpp says: Tests/Fixtures/fidelity/greedy.json.
struct ReferenceAnswers {
    struct Row: Sendable {
        let name: String
        let prompt: Prompt
        /// The texts of llama.cpp's tokens for the Q4_1 file, without the end of turn.
        let tokens: [String]
        /// The same for the weights in F32.
        let exactTokens: [String]
        let text: String
        let endsByItself: Bool

        enum Prompt: Sendable {
            case plain(String)
            case chat(system: String?, user: String)
        }
    }

    let rows: [Row]
    /// The most tokens of a row.
    let tokensMax: Int

    init() throws {
        let json = try Fixture.json("fidelity/greedy.json")
        guard let pieces = json["pieces"], let tokensMax = json["tokens_per_continuation"]?.int else {
            throw Missing("fidelity/greedy.json has no pieces")
        }
        func texts(_ list: JSON?) -> [String] {
            // The end of turn has no text, and no server sends it.
            (list?.items ?? []).compactMap { pieces["\($0.int ?? -1)"]?.stringValue }.filter { !$0.isEmpty }
        }
        self.tokensMax = tokensMax
        rows = (json["continuations"]?.items ?? []).map { row in
            Row(
                name: row["name"]?.stringValue ?? "", prompt: Row.Prompt(row), tokens: texts(row["tokens"]),
                exactTokens: texts(row["exact_tokens"]),
                text: row["text"]?.stringValue ?? "", endsByItself: row["stopped_by"]?.stringValue == "eos")
        }
    }

    func row(_ name: String) throws -> Row {
        guard let row = rows.first(where: { $0.name == name }) else { throw Missing("no reference answer '\(name)'") }
        return row
    }
}

extension ReferenceAnswers.Row.Prompt {
    /// The fixture holds chats as the model's template writes them; the system message that it puts in by itself is
    /// left to the server's own template.
    init(_ row: JSON) {
        let text = row["prompt"]?.stringValue ?? ""
        guard row["kind"]?.stringValue == "chat",
            let parts = text.wholeMatch(
                of:
                    #/<\|im_start\|>system\n(?<system>(?s:.*))<\|im_end\|>\n<\|im_start\|>user\n(?<user>(?s:.*))<\|im_end\|>\n<\|im_start\|>assistant\n/#
            )
        else {
            self = .plain(text)
            return
        }
        let system = String(parts.system)
        let isDefault = system == "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
        self = .chat(system: isDefault ? nil : system, user: String(parts.user))
    }
}

/// A whole answer of the server.
struct Reply {
    let text: String
    let stopReason: String?
    let tokens: [String]
    let logprobs: [Double]

    init(_ json: JSON) {
        text = json["content"]?.stringValue ?? ""
        stopReason = json["stop_reason"]?.stringValue
        tokens = (json["logprobs"]?["tokens"]?.items ?? []).compactMap(\.stringValue)
        logprobs = (json["logprobs"]?["token_logprobs"]?.items ?? []).compactMap(\.double)
    }
}

extension Server {
    /// Answers a reference's prompt, greedily, with log probabilities.
    func answer(_ prompt: ReferenceAnswers.Row.Prompt, model: String, maxTokens: Int, seconds: Double = 120) throws
        -> Reply
    {
        let reply =
            switch prompt {
            case .plain(let text):
                try post(
                    Requests.completionPath,
                    Requests.completion(text, model: model, maxTokens: maxTokens, ["logprobs": true]), seconds: seconds)
            case .chat(let system, let user):
                try post(
                    Requests.chatPath,
                    Requests.chat(user, system: system, model: model, maxTokens: maxTokens, ["logprobs": true]),
                    seconds: seconds)
            }
        guard reply.status == 200 else { throw Missing("\(reply.status): \(reply.text)") }
        return Reply(reply.json)
    }
}
