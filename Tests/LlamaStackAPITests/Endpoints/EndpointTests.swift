import Testing

@testable import LlamaStackAPI

struct EndpointTests {
    private func refusal(_ body: String) -> String? {
        do {
            _ = try Inference.chatCompletion.decodeBody(Array(body.utf8))
            return nil
        } catch { return "\(error)" }
    }

    @Test("a request with only what is required has the draft's defaults")
    func defaults() throws {
        let body = try Inference.chatCompletion.decodeBody(
            Array(#"{"model":"m","dialog":{"message":{"role":"user","content":"hi"},"message_history":null}}"#.utf8))
        #expect(
            body == ChatCompletionRequest(model: "m", dialog: Dialog(message: Message(role: .user, content: "hi"))))
        #expect(
            body.json.text
                == #"{"model":"m","dialog":{"message":{"role":"user","content":"hi","tool_calls":[],"tool_responses":[]},"message_history":[]},"sampling_params":{"temperature":0.0,"strategy":"greedy","top_p":0.95,"top_k":0},"available_tools":[],"max_tokens":0,"stream":false,"logprobs":false}"#
        )
    }

    static let refusals = [
        (#"{"model":"m"}"#, "dialog is required"),
        (#"{"model":null,"dialog":{}}"#, "model must be a string, got null"),
        (#"{"model":"","dialog":{}}"#, #"model must be 1 to 200 bytes without control characters, got """#),
        (#"[]"#, "the body must be an object, got an array"),
        (
            #"{"model":"m","dialog":{"message":{"role":"usr","content":""}}}"#,
            "dialog.message.role must be one of 'system', 'user', 'assistant', 'tool', got 'usr' (did you mean 'user'?)"
        ),
        (
            #"{"model":"m","dialog":{"message":{"role":"user","content":[1]}}}"#,
            "dialog.message.content[0] must be a string or an attachment, got a number"
        ),
        (
            #"{"model":"m","dialog":{"message":{"role":"user","content":""}},"sampling_params":{"top_p":1.7}}"#,
            "sampling_params.top_p must be in (0, 1], got 1.7"
        ),
        (
            #"{"model":"m","dialog":{"message":{"role":"user","content":""}},"max_token":1}"#,
            "max_token is not a field of ChatCompletionRequest (did you mean 'max_tokens'?)"
        ),
        (
            #"{"model":"m","dialog":{"message":{"role":"user","content":{"url":"ftp://x","mime_type":"a/b"}}}}"#,
            "dialog.message.content.url must be a URL that begins with http://, https://, file://, data:, got 'ftp://x'"
        ),
        (#"{"model" "m"}"#, "the body is not valid JSON at byte 9: found '\"', wanted ':'"),
        ("", "the body is not valid JSON at byte 0: the text ends, wanted a JSON value"),
    ]

    @Test("a request that does not fit is told the field, what it holds and what it must be", arguments: refusals)
    func refuses(body: String, message: String) { #expect(refusal(body) == message) }

    @Test("a body of nothing is taken from no bytes and from an empty object, and from nothing else")
    func nothing() throws {
        _ = try MemoryBanks.drop.decodeBody([])
        _ = try MemoryBanks.drop.decodeBody(Array("{}".utf8))
        #expect(throws: WireError(FieldPath.root["a"], "is not a field of Nothing; it has none")) {
            try MemoryBanks.drop.decodeBody(Array(#"{"a":1}"#.utf8))
        }
    }

    @Test("a query is a record of its parameters")
    func query() throws {
        #expect(try MemoryBanks.drop.decodeQuery(Array(#"{"bank_uuid":"b"}"#.utf8)) == MemoryBankQuery(bankUUID: "b"))
        #expect(throws: WireError(FieldPath.root["bank_uuid"], "is required")) { try MemoryBanks.drop.decodeQuery([]) }
    }

    @Test("an answer of JSON Lines is one line an item, and reads back")
    func jsonLines() throws {
        let banks = [MemoryBank(uuid: "a", name: "A\nB"), MemoryBank(uuid: "b", name: "C")]
        let bytes = MemoryBanks.list.encode(answer: banks)
        #expect(
            String(decoding: bytes, as: UTF8.self) == #"{"uuid":"a","name":"A\nB"}"# + "\n"
                + #"{"uuid":"b","name":"C"}"# + "\n")
        #expect(try MemoryBanks.list.decodeAnswer(bytes) == banks)
        #expect(MemoryBanks.list.encode(answer: []) == [])
    }

    @Test("an empty answer has no bytes, a plain one is JSON")
    func plainAnswers() throws {
        #expect(MemoryBanks.insert.encode(answer: Nothing()) == [])
        #expect(MemoryBanks.drop.encode(answer: "b") == Array(#""b""#.utf8))
        #expect(try MemoryBanks.drop.decodeAnswer(Array(#""b""#.utf8)) == "b")
    }

    @Test("a chunk leaves out what it does not have")
    func event() throws {
        let chunk = ChatCompletionResponseStreamChunk(textDelta: "", stopReason: .finishedOK)
        #expect(
            String(decoding: Inference.chatCompletion.encode(event: chunk), as: UTF8.self)
                == #"{"text_delta":"","stop_reason":"finished_ok"}"#)
    }

    @Test("an adapter's settings are of the kind that the algorithm names")
    func algorithmConfig() throws {
        let config =
            #"{"lora_attn_modules":["q_proj"],"apply_lora_to_mlp":true,"apply_lora_to_output":false,"rank":8,"alpha":16}"#
        let json = try JSON(parsing: config)
        let decode = { (algorithm: FinetuningAlgorithm) in
            try FinetuningAlgorithmConfig(json: json, tag: algorithm, at: .root)
        }
        guard case .dora = try decode(.dora), case .qlora = try decode(.qlora), case .lora = try decode(.lora),
            case .lora = try decode(.full)
        else {
            Issue.record("the wrong kind")
            return
        }
        #expect(try decode(.dora).json == json)
    }

    @Test("a resource keeps the members that only its provider knows")
    func resource() throws {
        let bytes = Array(#"{"kind":"model","id":"m","path":"/x","context":8192}"#.utf8)
        let resource = try ResourceMethods.register.decodeBody(bytes)
        #expect(resource == Resource(kind: "model", id: "m", path: "/x", more: ["context": 8192]))
        #expect(ResourceMethods.register.encode(body: resource) == bytes)
    }
}
