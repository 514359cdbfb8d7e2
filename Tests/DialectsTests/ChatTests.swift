import LlamaStackAPI
import Testing

@testable import Dialects

/// Chats between OpenAI's form and the draft's.
struct ChatTests {
    private let route = OpenAI.createChatCompletion
    private let hello: [JSON] = [
        ["text_delta": "Hel"], ["text_delta": "lo"],
        [
            "text_delta": "", "stop_reason": "finished_ok",
            "usage": ["prompt_tokens": 9, "cached_tokens": 4, "completion_tokens": 3],
        ],
    ]

    private func body(_ more: JSONObject = [:]) -> JSON {
        var body: JSONObject = ["model": "small", "messages": [["role": "user", "content": "Hi"]]]
        for member in more.members { body[member.key] = member.value }
        return .object(body)
    }

    @Test("a whole answer has OpenAI's members")
    func whole() async throws {
        let answer = try await route.whole(body(), FakeCaller(hello))
        #expect(
            answer.text == #"{"id":"chatcmpl-1","object":"chat.completion","created":1700000000,"model":"small","#
                + #""choices":[{"index":0,"message":{"role":"assistant","content":"Hello","refusal":null},"#
                + #""logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":3,"#
                + #""total_tokens":12,"prompt_tokens_details":{"cached_tokens":4}}}"#)
    }

    @Test("the text of an answer is that of its fields, whichever of them it has")
    func text() throws {
        let call = ReplyCall(id: "call_\"1", function: .init(name: "f", arguments: #"{"a":"\u{7}"}"#))
        let logprobs = ChatLogprobs(content: [.init(token: "é", logprob: -0.5, bytes: [195, 169], top: [])])
        func choice(_ index: Int, _ reply: ChatAnswer.Reply, _ logprobs: ChatLogprobs? = nil) -> ChatAnswer.Choice {
            .init(index: index, message: reply, logprobs: OrNull(logprobs), finishReason: .stop)
        }
        let usage = UsageBody(
            promptTokens: 1, completionTokens: 2, totalTokens: 3, details: .init(cachedTokens: 0))
        for (choices, usage) in [
            ([], nil), ([choice(0, .init(content: "a\n\"é", toolCalls: nil, reasoning: nil))], usage),
            (
                [
                    choice(0, .init(content: nil, toolCalls: [call, call], reasoning: "so \\"), logprobs),
                    choice(1, .init(content: "", toolCalls: [], reasoning: "")),
                ], usage
            ),
        ] as [([ChatAnswer.Choice], UsageBody?)] {
            let answer = ChatAnswer(id: "\u{1}", created: 7, model: "m\"", choices: choices, usage: usage)
            #expect(answer.jsonBytes == answer.json.bytes)
            #expect(try JSON(parsing: answer.jsonBytes)["choices"] == .array(choices.map(\.json)))
        }
    }

    @Test("a stream begins with the role, says why it ended in its last chunk, and counts only when it is asked to")
    func stream() async throws {
        let events = try await route.events(body(["stream": true]), FakeCaller(hello))
        let head = #"{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"small","#
        func chunk(_ delta: String, _ finish: String = "null") -> String {
            head + #""choices":[{"index":0,"delta":\#(delta),"logprobs":null,"finish_reason":\#(finish)}]}"#
        }
        #expect(
            events == [
                chunk(#"{"role":"assistant","content":"","refusal":null}"#), chunk(#"{"content":"Hel"}"#),
                chunk(#"{"content":"lo"}"#), chunk("{}", #""stop""#),
            ])
        let counted = try await route.events(
            body(["stream": true, "stream_options": ["include_usage": true]]), FakeCaller(hello))
        #expect(counted.dropLast().allSatisfy { $0.hasSuffix(#","usage":null}"#) })
        #expect(
            counted.last == head + #""choices":[],"usage":{"prompt_tokens":9,"completion_tokens":3,"total_tokens":12,"#
                + #""prompt_tokens_details":{"cached_tokens":4}}}"#)
    }

    @Test("an event that says nothing is a ping, and no chunk")
    func pings() async throws {
        let silent: [JSON] = [["text_delta": ""], ["text_delta": "", "index": 0]]
        guard case .events(let send) = try await route.answer(body(["stream": true]), FakeCaller(silent + hello)) else {
            Issue.record("the answer is whole")
            return
        }
        let events = Events()
        try await send(events)
        #expect(events.pings == 2)
        #expect(events.sent == (try await route.events(body(["stream": true]), FakeCaller(hello))))
    }

    @Test("every chunk of a stream fits the document's schema of one")
    func schema() async throws {
        for event in try await route.events(body(["stream": true]), FakeCaller(hello)) {
            _ = try ChatChunk(json: JSON(parsing: Array(event.utf8)), at: .root)
        }
    }

    @Test("absent values are those of OpenAI's server, and temperature 0 takes the likeliest token")
    func defaults() async throws {
        let caller = FakeCaller(hello)
        _ = try await route.whole(body(), caller)
        #expect(
            caller.calls[0].body["sampling_params"]
                == ["temperature": .number(1), "strategy": "top_p", "top_p": .number(1), "top_k": 0])
        #expect(caller.calls[0].body["max_tokens"] == 0)
        #expect(caller.calls[0].options == ["extended": true])
        _ = try await route.whole(body(["temperature": 0, "top_p": 0.5, "max_completion_tokens": 7]), caller)
        #expect(caller.calls[1].body["sampling_params"]?["strategy"] == "greedy")
        #expect(caller.calls[1].body["max_tokens"] == 7)
    }

    @Test("a provider without the option extended is asked without it, and its answer has no usage")
    func plain() async throws {
        let caller = FakeCaller([["text_delta": "Hi"], ["text_delta": "", "stop_reason": "max_tokens"]], options: [])
        let answer = try await route.whole(body(), caller)
        #expect(caller.calls[0].options.isEmpty)
        #expect(answer["usage"] == nil)
        #expect(answer["choices"]?.item(0)?["finish_reason"] == "length")
    }

    @Test("only what changes the answer is an option of the call")
    func options() async throws {
        let caller = FakeCaller(hello)
        _ = try await route.whole(
            body([
                "n": 1, "presence_penalty": 0, "frequency_penalty": 0.0, "logit_bias": [:], "stop": [],
                "repetition_penalty": 1, "min_p": 0, "tool_choice": "auto", "response_format": ["type": "text"],
            ]), caller)
        #expect(caller.calls[0].options == ["extended": true])
        _ = try await route.whole(
            body([
                "seed": 7, "stop": "END", "presence_penalty": 0.5, "frequency_penalty": -1, "logit_bias": ["5": -100],
                "logprobs": true, "top_logprobs": 2,
                "response_format": [
                    "type": "json_schema", "json_schema": ["name": "x", "schema": ["type": "string"]],
                ],
            ]), caller)
        let options = try GenerationOptions(options: caller.calls[1].options)
        #expect(options.stop == ["END"])
        #expect(options.seed == 7)
        #expect(options.presencePenalty == 0.5 && options.frequencyPenalty == -1)
        #expect(options.logitBias == ["5": -100])
        #expect(options.topLogprobs == 2)
        #expect(options.responseSchema == ["type": "string"])
        #expect(caller.calls[1].body["logprobs"] == true)
    }

    @Test("roles, text parts, calls and their results become the draft's dialog")
    func dialog() async throws {
        let caller = FakeCaller(hello)
        let call = { (id: String, name: String) -> JSON in
            ["id": .string(id), "type": "function", "function": ["name": .string(name), "arguments": #"{"x": 1}"#]]
        }
        _ = try await route.whole(
            body([
                "messages": [
                    ["role": "developer", "content": "Be brief."],
                    ["role": "user", "content": [["type": "text", "text": "one"], ["type": "text", "text": "two"]]],
                    ["role": "assistant", "content": .null, "tool_calls": [call("a", "first"), call("b", "second")]],
                    ["role": "tool", "tool_call_id": "b", "content": "2"],
                    ["role": "tool", "tool_call_id": "a", "content": "1"],
                ]
            ]), caller)
        let dialog = try #require(caller.calls[0].body["dialog"])
        #expect(dialog["message_history"]?.item(0)?["role"] == "system")
        #expect(dialog["message_history"]?.item(1)?["content"] == "one\ntwo")
        #expect(
            dialog["message_history"]?.item(2)?["tool_calls"]?.item(1)
                == ["tool_name": "second", "arguments": ["x": 1]])
        #expect(
            dialog["message"]?["tool_responses"]
                == [["tool_name": "first", "content": "1"], ["tool_name": "second", "content": "2"]])
    }

    @Test("null, empty and absent content are equal beside calls", arguments: [JSON.null, "", nil])
    func content(content: JSON?) async throws {
        let caller = FakeCaller(hello)
        var message: JSONObject = [
            "role": "assistant",
            "tool_calls": [["id": "a", "type": "function", "function": ["name": "f", "arguments": ""]]],
        ]
        message["content"] = content
        _ = try await route.whole(
            body(["messages": [.object(message), ["role": "tool", "tool_call_id": "a", "content": "1"]]]), caller)
        let sent = caller.calls[0].body["dialog"]?["message_history"]?.item(0)
        #expect(sent?["content"] == "")
        #expect(sent?["tool_calls"]?.item(0) == ["tool_name": "f", "arguments": [:]])
    }

    private let called: [JSON] = [
        ["text_delta": "", "tool_call": ["tool_name": "weather", "arguments": ["city": "Oslo"]]],
        ["text_delta": "", "tool_call": ["tool_name": "weather", "arguments": ["city": "Rome"]]],
        ["text_delta": "", "stop_reason": "finished_ok"],
    ]
    private let tools: JSON = [
        [
            "type": "function",
            "function": [
                "name": "weather", "description": "Tells the weather.",
                "parameters": ["type": "object", "properties": ["city": ["type": "string"]]], "strict": true,
            ],
        ]
    ]

    @Test("a call's first delta has its index, id, type and name; the reason is tool_calls")
    func calls() async throws {
        let caller = FakeCaller(called)
        let events = try await route.events(body(["stream": true, "tools": tools]), caller)
        let deltas = try events.dropFirst().map {
            try JSON(parsing: Array($0.utf8))["choices"]?.item(0)?["delta"]?.text ?? ""
        }
        #expect(
            deltas == [
                #"{"tool_calls":[{"index":0,"id":"call_2","type":"function","function":{"name":"weather","arguments":""}}]}"#,
                #"{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":\"Oslo\"}"}}]}"#,
                #"{"tool_calls":[{"index":1,"id":"call_3","type":"function","function":{"name":"weather","arguments":""}}]}"#,
                #"{"tool_calls":[{"index":1,"function":{"arguments":"{\"city\":\"Rome\"}"}}]}"#, "{}",
            ])
        #expect(events.last?.hasSuffix(#""finish_reason":"tool_calls"}]}"#) == true)
        let sent = caller.calls[0].body["available_tools"]?.item(0)
        #expect(sent?["tool_name"] == "weather")
        #expect(sent?["parameters"]?["description"] == "Tells the weather.")
    }

    @Test("a whole answer that calls has no content, and a named choice ends with stop")
    func named() async throws {
        let whole = try await route.whole(body(["tools": tools]), FakeCaller(called))
        #expect(whole["choices"]?.item(0)?["message"]?["content"] == .null)
        #expect(whole["choices"]?.item(0)?["finish_reason"] == "tool_calls")
        let caller = FakeCaller(called)
        let named = try await route.whole(
            body(["tools": tools, "tool_choice": ["type": "function", "function": ["name": "weather"]]]), caller)
        #expect(named["choices"]?.item(0)?["finish_reason"] == "stop")
        #expect(caller.calls[0].options["tool_choice"] == ["name": "weather"])
    }

    @Test("several answers are told apart by their index, and their prompt counts once")
    func several() async throws {
        let events: [JSON] = [
            ["text_delta": "b", "index": 1], ["text_delta": "a", "index": 0],
            [
                "text_delta": "", "stop_reason": "max_tokens", "index": 1,
                "usage": ["prompt_tokens": 5, "cached_tokens": 4, "completion_tokens": 2],
            ],
            [
                "text_delta": "", "stop_reason": "finished_ok", "index": 0,
                "usage": ["prompt_tokens": 5, "cached_tokens": 0, "completion_tokens": 3],
            ],
        ]
        let answer = try await route.whole(body(["n": 2]), FakeCaller(events))
        #expect(answer["choices"]?.item(0)?["message"]?["content"] == "a")
        #expect(answer["choices"]?.item(1)?["message"]?["content"] == "b")
        #expect(answer["choices"]?.item(1)?["finish_reason"] == "length")
        #expect(answer["usage"]?["total_tokens"] == 10)
        #expect(answer["usage"]?["prompt_tokens_details"]?["cached_tokens"] == 0)
    }

    @Test("log probabilities and thoughts stand where clients look for them")
    func extended() async throws {
        let events: [JSON] = [
            ["text_delta": "", "reasoning": "hm"],
            [
                "text_delta": "a",
                "logprobs": [
                    [
                        "token": "a", "bytes": [97], "logprob": -0.5,
                        "top": [["token": "a", "bytes": [97], "logprob": -0.5]],
                    ]
                ],
            ],
            ["text_delta": "", "stop_reason": "finished_ok"],
        ]
        let answer = try await route.whole(body(["logprobs": true, "top_logprobs": 1]), FakeCaller(events))
        let choice = try #require(answer["choices"]?.item(0))
        #expect(
            choice["logprobs"]?.text
                == #"{"content":[{"token":"a","logprob":-0.5,"bytes":[97],"top_logprobs":[{"token":"a","logprob":-0.5,"bytes":[97]}]}]}"#
        )
        #expect(choice["message"]?["reasoning_content"] == "hm")
        #expect(choice["message"]?["reasoning"] == "hm")
    }

    @Test(
        "a field out of its range is refused by the client's name for it",
        arguments: [
            (["temperature": 2.5], "temperature"), (["top_p": 0], "top_p"), (["n": 17], "n"), (["n": 0], "n"),
            (["max_tokens": 0], "max_tokens"), (["presence_penalty": 3], "presence_penalty"),
            (["logit_bias": ["5": 101]], "logit_bias"), (["logit_bias": ["five": 1]], "logit_bias"),
            (["stop": ""], "stop"), (["stop": ["a", ""]], "stop[1]"), (["top_logprobs": 2], "top_logprobs"),
            (["logprobs": true, "top_logprobs": 21], "top_logprobs"), (["messages": []], "messages"),
            (["messages": [["role": "wizard", "content": "x"]]], "messages[0].role"),
            (["messages": [["role": "user"]]], "messages[0].content"),
            (["messages": [["role": "tool", "tool_call_id": "x", "content": "1"]]], "messages[0].tool_call_id"),
            (
                ["messages": [["role": "user", "content": [["type": "image_url", "image_url": ["url": "x"]]]]]],
                "messages[0].content[0]"
            ),
            (["audio": ["voice": "alloy"]], "audio"), (["functions": [["name": "f"]]], "functions"),
            (["tool_choice": "required"], "tool_choice"), (["tool_choice": "sometimes"], "tool_choice"),
            (["response_format": ["type": "xml"]], "response_format.type"),
            (["stream_options": ["include_usage": true]], "stream_options"), (["seed": 1.5], "seed"),
        ] as [(JSONObject, String)])
    func refused(more: JSONObject, field: String) async throws {
        let error = await #expect(throws: DialectError.self) { try await route.answer(body(more), FakeCaller(hello)) }
        #expect(error?.field == field, "\(error?.message ?? "")")
        #expect(OpenAI.dialect.errorStatus(error?.code ?? .internal) == 400)
    }

    @Test(
        "an error of the draft's call is about the client's field",
        arguments: [
            ("sampling_params.top_p", "top_p"), ("max_tokens", "max_completion_tokens"),
            ("dialog.message.content", "messages[1].content"),
            ("dialog.message_history[0].content", "messages[0].content"),
            ("available_tools[0].parameters", "tools[0].function.parameters"),
            ("response_schema", "response_format.json_schema.schema"), ("model", "model"),
        ])
    func renamed(draft: String, client: String) async throws {
        let caller = FakeCaller(error: DialectError(.invalidRequest, "\(draft) must be better", field: draft))
        let request = body([
            "messages": [["role": "system", "content": "a"], ["role": "user", "content": "b"]], "tools": tools,
            "max_completion_tokens": 5,
            "response_format": ["type": "json_schema", "json_schema": ["name": "x", "schema": [:]]],
        ])
        let error = await #expect(throws: DialectError.self) { try await route.answer(request, caller) }
        #expect(error?.field == client)
        #expect(error?.message == "\(client) must be better")
    }

    @Test("a stream that its provider ends without a reason fails")
    func unended() async throws {
        await #expect(throws: DialectError.self) {
            try await route.events(body(["stream": true]), FakeCaller([["text_delta": "a"]]))
        }
    }
}

extension JSON {
    func item(_ index: Int) -> JSON? {
        guard case .array(let items) = self, items.indices.contains(index) else { return nil }
        return items[index]
    }
}
