import Testing

@testable import ChatTemplates

struct ChatFormatTests {
    static func formats() throws -> [(String, ChatFormat)] {
        var formats: [(String, ChatFormat)] = []
        for (name, begin, end) in [
            ("smollm2", "<|im_start|>", "<|im_end|>"), ("qwen2.5", "", "<|im_end|>"), ("qwen3", "", "<|im_end|>"),
            ("mistral-nemo", "<s>", "</s>"),
        ] {
            formats.append(
                (
                    name,
                    try ChatFormat(template: try ReferenceData.text("\(name).jinja"), bosToken: begin, eosToken: end)
                ))
        }
        for builtin in ChatFormat.Builtin.allCases { formats.append(("\(builtin)", try ChatFormat(builtin: builtin))) }
        return formats
    }

    private func rendered(_ builtin: String, _ key: String, like reference: String) throws -> (
        ours: String, theirs: String?
    ) {
        let data = try ReferenceData.map("rendered.json")
        let conversation = try #require(data["conversations"]?.map?[key]?.map)
        let entry = try #require(data["templates"]?.map?[reference]?.map)
        var variables = RealTemplateTests.variables(conversation, entry["bos_token"]?.string ?? "", "")
        if variables["date_string"] == nil { variables["date_string"] = "26 Jul 2024" }
        let ours = try Template(builtin).render(variables, today: someDay).text
        return (ours, entry["rendered"]?.map?[key]?.map?["text"]?.string)
    }

    @Test(
        "the built-in Llama 3 form equals the model's own template",
        arguments: [
            "plain", "no_generation_prompt", "system", "many_turns", "unicode", "forged", "empty", "lines", "thinking",
            "roles_astray",
        ])
    func llama3(key: String) throws {
        let (ours, theirs) = try rendered(BuiltinTemplates.llama3, key, like: "llama-3")
        #expect(ours == theirs)
    }

    @Test(
        "the built-in Llama 3.1 form equals the model's own template where both speak",
        arguments: [
            "plain", "no_generation_prompt", "system", "many_turns", "unicode", "forged", "empty", "lines", "thinking",
            "date", "tools",
            "tools_without_system",
        ])
    func llama31(key: String) throws {
        let (ours, theirs) = try rendered(BuiltinTemplates.llama31, key, like: "llama-3.1")
        #expect(ours == theirs)
    }

    @Test(
        "the built-in ChatML form equals Qwen 2.5's where there is a system message",
        arguments: [
            "system", "many_turns", "unicode", "forged", "empty", "tools", "call",
        ])
    func chatML(key: String) throws {
        let (ours, theirs) = try rendered(BuiltinTemplates.chatML, key, like: "qwen2.5")
        #expect(ours == theirs)
    }

    private let search = ChatTool(name: "web_search")
    private let code = ChatTool(name: "code_interpreter")
    private let weather = ChatTool(
        name: "get_weather", summary: "Weather",
        parameters: [
            "city": ["param_type": "string", "description": "Name", "required": true],
            "days": ["param_type": "integer", "required": false],
        ])

    @Test("Llama 3.1 names built-in tools, code calls and results in its own way")
    func builtinTools() throws {
        let format = try ChatFormat(builtin: .llama31)
        let prompt = try format.prompt(
            ChatConversation(
                messages: [
                    ChatMessage(role: .system, content: "Be kind."), ChatMessage(role: .user, content: "Who?"),
                    ChatMessage(
                        role: .assistant, content: "",
                        toolCalls: [ChatToolCall(name: "web_search", arguments: ["query": "who"])]),
                    ChatMessage(
                        role: .tool, content: "no",
                        toolResponses: [ChatToolResponse(toolName: "web_search", content: "{\"k\": 1}")]),
                    ChatMessage(
                        role: .assistant, content: "",
                        toolCalls: [ChatToolCall(name: "code_interpreter", arguments: ["code": "print(1)"])],
                        endedMessageOnly: false),
                    ChatMessage(role: .tool, content: "completed\n[stdout]1[/stdout]"),
                ], tools: [search, code, ChatTool(name: "math")], today: someDay))
        #expect(
            prompt.text == """
                <|begin_of_text|><|start_header_id|>system<|end_header_id|>

                Environment: ipython
                Tools: brave_search, wolfram_alpha
                Cutting Knowledge Date: December 2023
                Today Date: 26 Jul 2024

                Be kind.<|eot_id|><|start_header_id|>user<|end_header_id|>

                Who?<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                <|python_tag|>brave_search.call(query="who")<|eom_id|><|start_header_id|>ipython<|end_header_id|>

                {"k": 1}<|eot_id|><|start_header_id|>assistant<|end_header_id|>

                <|python_tag|>print(1)<|eot_id|><|start_header_id|>ipython<|end_header_id|>

                completed
                [stdout]1[/stdout]<|eot_id|><|start_header_id|>assistant<|end_header_id|>


                """)
    }

    @Test("the code interpreter alone is switched on by the environment line")
    func codeAlone() throws {
        let text = try ChatFormat(builtin: .llama31).prompt(
            ChatConversation(messages: [ChatMessage(role: .user, content: "x")], tools: [code], today: someDay)
        ).text
        #expect(text.contains("Environment: ipython\nCutting Knowledge Date"))
        #expect(!text.contains("Tools:"))
    }

    @Test("Llama 3.1 gets custom tools as JSON schema in the first user message")
    func customTools() throws {
        let text = try ChatFormat(builtin: .llama31).prompt(
            ChatConversation(messages: [ChatMessage(role: .user, content: "x")], tools: [weather], today: someDay)
        ).text
        #expect(text.contains("user<|end_header_id|>\n\nGiven the following functions"))
        #expect(text.contains(#""required": ["#))
        #expect(text.contains(#""type": "string""#))
        #expect(!text.contains("param_type"))
        #expect(text.contains("\n\nx<|eot_id|>"))
    }

    @Test("a template that knows no tools gets them in the system message, and calls and results as text")
    func plainTools() throws {
        let format = try ChatFormat(
            template: try ReferenceData.text("smollm2.jinja"), bosToken: "", eosToken: "<|im_end|>")
        let text = try format.prompt(
            ChatConversation(
                messages: [
                    ChatMessage(role: .system, content: "S"), ChatMessage(role: .user, content: "U"),
                    ChatMessage(
                        role: .assistant, content: "",
                        toolCalls: [ChatToolCall(name: "get_weather", arguments: ["city": "Köln"])]),
                    ChatMessage(
                        role: .tool, content: "",
                        toolResponses: [ChatToolResponse(toolName: "get_weather", content: "sun")]),
                ], tools: [ChatTool(name: "get_weather", summary: "W", parameters: ["city": "str"])], today: someDay)
        ).text
        #expect(
            text == """
                <|im_start|>system
                S

                You can call the functions below. To call one, answer with nothing but JSON of the form {"name": its name, "parameters": {argument: value}}.

                get_weather(city?): W<|im_end|>
                <|im_start|>user
                Hello!<|im_end|>
                <|im_start|>assistant
                Hello! How can I help you?<|im_end|>
                <|im_start|>user
                Paint the wall of the bathroom in dark green.<|im_end|>
                <|im_start|>assistant
                {"name": "paint_wall", "parameters": {"wall": "bathroom", "color": "dark green"}}<|im_end|>
                <|im_start|>user
                Count the birds in Kyoto for 3 hours.<|im_end|>
                <|im_start|>assistant
                {"name": "count_birds", "parameters": {"place": "Kyoto", "hours": 3}}<|im_end|>
                <|im_start|>user
                Result of count_birds:
                214

                Answer with it, or call another function.<|im_end|>
                <|im_start|>assistant
                The answer is 214 birds.<|im_end|>
                <|im_start|>user
                Water the roses of Emma Stone.<|im_end|>
                <|im_start|>assistant
                {"name": "water_plants", "parameters": {"plants": "roses", "owner": "Emma Stone"}}<|im_end|>
                <|im_start|>user
                Lend the book Dune to Jack.<|im_end|>
                <|im_start|>assistant
                {"name": "lend_book", "parameters": {"title": "Dune", "to": "Jack"}}<|im_end|>
                <|im_start|>user
                Send 3 boxes of apples to Lima.<|im_end|>
                <|im_start|>assistant
                {"name": "send_boxes", "parameters": {"content": "apples", "count": 3, "city": "Lima"}}<|im_end|>
                <|im_start|>user
                What is a river?<|im_end|>
                <|im_start|>assistant
                A river is a large stream of water that flows to the sea.<|im_end|>
                <|im_start|>user
                Make the alarm ring at 06:45.<|im_end|>
                <|im_start|>assistant
                {"name": "set_alarm", "parameters": {"time": "06:45"}}<|im_end|>
                <|im_start|>user
                U<|im_end|>
                <|im_start|>assistant
                {"name": "get_weather", "parameters": {"city": "Köln"}}<|im_end|>
                <|im_start|>user
                Result of get_weather:
                sun

                Answer with it, or call another function.<|im_end|>
                <|im_start|>assistant

                """)
    }

    @Test("a template without system messages gets the system's text before the first user message")
    func noSystem() throws {
        let source =
            "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}"
        let format = try ChatFormat(template: source, bosToken: "", eosToken: "")
        let text = try format.prompt(
            ChatConversation(
                messages: [ChatMessage(role: .system, content: "S"), ChatMessage(role: .user, content: "U")],
                today: someDay)
        ).text
        #expect(text == "[user]S\n\nU")
    }

    @Test("results find their calls by name where they come in another order")
    func order() throws {
        let format = try ChatFormat(
            template: try ReferenceData.text("mistral-nemo.jinja"), bosToken: "<s>", eosToken: "</s>")
        let text = try format.prompt(
            ChatConversation(
                messages: [
                    ChatMessage(role: .user, content: "U"),
                    ChatMessage(
                        role: .assistant, content: "",
                        toolCalls: [ChatToolCall(name: "a", arguments: [:]), ChatToolCall(name: "b", arguments: [:])]),
                    ChatMessage(
                        role: .tool, content: "",
                        toolResponses: [
                            ChatToolResponse(toolName: "b", content: "2"),
                            ChatToolResponse(toolName: "a", content: "1"),
                        ]),
                ], today: someDay)
        ).text
        #expect(text.contains(#"[TOOL_RESULTS]{"content": 2, "call_id": "call00002"}"#))
        #expect(text.contains(#"[TOOL_RESULTS]{"content": 1, "call_id": "call00001"}"#))
    }

    @Test("what a template can do is found by trying it")
    func traits() throws {
        let formats = Dictionary(uniqueKeysWithValues: try Self.formats())
        #expect(formats["smollm2"]?.forTools.traits.hasTools == false)
        #expect(formats["smollm2"]?.forTools.traits.hasCalls == false)
        #expect(formats["smollm2"]?.forTools.traits.hasSystem(besideTools: false) == true)
        for name in ["qwen2.5", "qwen3", "mistral-nemo", "llama31", "chatML"] {
            #expect(formats[name]?.forTools.traits.hasTools == true, "\(name)")
            #expect(formats[name]?.forTools.traits.hasSeveralCalls == true, "\(name)")
        }
        #expect(formats["llama3"]?.forTools.traits.hasTools == false)
    }

    @Test("a system message stays one where the template shows it only beside tools")
    func systemBesideTools() throws {
        let source = """
            {%- for tool in tools %}{{ tool.function.name }};{% endfor %}
            {%- for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}
            """
        // As Hermes 2 Pro's `tool_use`: a loop over tools that are none is refused.
        let needy = try ChatFormat(template: source, bosToken: "", eosToken: "")
        // As templates whose instructions for tools replace the system message.
        let replacing = try ChatFormat(
            template: "{% for m in messages %}{% if not (tools and m.role == 'system') %}[{{ m.role }}]{{ m.content }}"
                + "{% endif %}{% endfor %}{% for tool in tools or [] %};{{ tool.function.name }}{% endfor %}",
            bosToken: "", eosToken: "")
        let messages = [ChatMessage(role: .system, content: "S"), ChatMessage(role: .user, content: "U")]
        func text(_ format: ChatFormat, _ tools: [ChatTool]) throws -> String {
            try format.prompt(ChatConversation(messages: messages, tools: tools, today: someDay)).text
        }
        #expect(try text(needy, [weather]) == "get_weather;[system]S[user]U")
        #expect(try text(replacing, []) == "[system]S[user]U")
        #expect(try text(replacing, [weather]) == "[user]S\n\nU;get_weather")
    }

    @Test("a conversation that offers tools is written by the template for those, and calls are read as it writes them")
    func toolTemplate() throws {
        let format = try ChatFormat(
            template: "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}{% endfor %}<|end|>",
            toolTemplate: """
                {%- for tool in tools %}{{ tool.function.name }};{% endfor %}
                {%- for m in messages %}[{{ m.role }}]{{ m.content }}
                {%- for call in m.tool_calls %}<tool_call>{{ call.function | tojson }}</tool_call>{% endfor %}<|im_end|>
                {%- endfor %}
                {%- if add_generation_prompt %}[assistant]{% endif %}
                """,
            bosToken: "", eosToken: "")
        func text(_ tools: [ChatTool]) throws -> String {
            let messages = [ChatMessage(role: .user, content: "U")]
            return try format.prompt(ChatConversation(messages: messages, tools: tools, today: someDay)).text
        }
        #expect(try text([]) == "<|user|>U<|end|>")
        #expect(try text([weather]) == "get_weather;[user]U<|im_end|>[assistant]")
        #expect(format.stopTokens == ["<|im_end|>", "<|end|>"])
        #expect(format.callForms.marks.contains(.toolCall) && !format.callForms.takesBareCallsAnywhere)
        #expect(CallSyntax(of: format, controls: [])?.opening.hasPrefix("<tool_call>") == true)
    }

    /// What a template may do with each part of a conversation.
    private static let systems = [
        "always": "true", "beside tools": "tools", "without tools": "not tools", "never": "false", "refused": "true",
    ]
    private static let toolLists = [
        "always": "true", "beside a system message": "messages[0].role == 'system'",
        "without one": "messages[0].role != 'system'", "never": "false", "needed": "true",
    ]

    @Test(
        "whatever a template shows of a system message and of tools, and when, no part of a conversation is lost",
        arguments: systems.keys.sorted(), toolLists.keys.sorted())
    func parts(system: String, tools: String) throws {
        for content in ["{{ m.content }}", "{% for part in m.content %}{{ part.text }}{% endfor %}"] {
            let refusal = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
            let format = try ChatFormat(
                template: (system == "refused" ? refusal : "")
                    + "{% if \(Self.toolLists[tools] ?? "") %}{% for tool in tools\(tools == "needed" ? "" : " or []") %}"
                    + "{{ tool.function.name }};{% endfor %}{% endif %}{% for m in messages %}"
                    + "{% if m.role != 'system' or \(Self.systems[system] ?? "") %}"
                    + "[{{ m.role }}]\(content){% endif %}{% endfor %}",
                bosToken: "", eosToken: "")
            for isInstructed in [false, true] {
                for offered in tools == "needed" ? [[weather]] : [[], [weather]] {
                    let instruction = isInstructed ? [ChatMessage(role: .system, content: "Be brief.")] : []
                    let said = [ChatMessage(role: .user, content: "Hi"), ChatMessage(role: .assistant, content: "Ho")]
                    let text = try format.prompt(
                        ChatConversation(messages: instruction + said, tools: offered, today: someDay)
                    ).text
                    #expect(text.contains("Hi") && text.contains("Ho"), "\(text)")
                    #expect(text.contains("Be brief.") == isInstructed, "\(text)")
                    #expect(text.contains("get_weather") == !offered.isEmpty, "\(text)")
                }
            }
        }
    }

    @Test(
        "the date is in the form that the template asks for, else as Llama's templates write it",
        arguments: [
            ("{{ strftime_now('%d %B %Y') if date_string is not defined else date_string }}", "26 July 2024"),
            (
                "{% if date_string is not defined %}{% set date_string = '1 Jan' %}{% endif %}{{ date_string }}",
                "26 Jul 2024"
            ),
            ("{{ date_string }}", "26 Jul 2024"),
        ])
    func date(source: String, wanted: String) throws {
        let format = try ChatFormat(template: source, bosToken: "", eosToken: "")
        #expect(try format.prompt(ChatConversation(messages: [], today: someDay)).text == wanted)
    }

    @Test("a file without a template gets the form that its vocabulary was made for")
    func choice() throws {
        func text(_ tokens: Set<String>) throws -> String {
            try ChatFormat.choose(template: nil, bosToken: "", eosToken: "", hasToken: tokens.contains)
                .prompt(ChatConversation(messages: [ChatMessage(role: .user, content: "U")], today: someDay)).text
        }
        #expect(
            try text(["<|start_header_id|>"])
                == "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
        )
        #expect(try text(["<|start_header_id|>", "<|eom_id|>", "<|python_tag|>"]).contains("Today Date: 26 Jul 2024"))
        #expect(try text(["<|im_start|>"]) == "<|im_start|>user\nU<|im_end|>\n<|im_start|>assistant\n")
        #expect(throws: TemplateError.self) { try text([]) }
    }

    @Test("the tokens that end a reply are those of the format")
    func stops() throws {
        #expect(try ChatFormat(builtin: .llama31).stopTokens == ["<|eot_id|>", "<|eom_id|>"])
        #expect(
            try ChatFormat(builtin: .chatML, eosToken: "<|endoftext|>").stopTokens == ["<|im_end|>", "<|endoftext|>"])
    }
}
