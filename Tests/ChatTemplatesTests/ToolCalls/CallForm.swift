@testable import ChatTemplates

/// A template that writes calls in one model's form, and what is found in it.
struct CallForm: Sendable, CustomStringConvertible {
    let model: String
    let template: String
    let controls: Set<ReplyMark>
    let syntax: CallSyntax

    init(_ model: String, _ template: String, _ controls: Set<ReplyMark>, _ syntax: CallSyntax) {
        (self.model, self.template, self.controls, self.syntax) = (model, template, controls, syntax)
    }

    init(_ model: String, _ template: String, _ syntax: CallSyntax) { self.init(model, template, [], syntax) }

    var description: String { model }

    /// Where the prompt leaves the answer.
    var beginning: ReplyFormat.Beginning {
        guard syntax.opening.isEmpty else { return .answer }
        return .recipient(syntax.middle.hasSuffix(ReplyMark.content.text) ? .recipientName : .recipient)
    }

    func format() throws -> ChatFormat { try ChatFormat(template: template, bosToken: "<begin>", eosToken: "<end>") }

    /// A template that tells of tools and writes `calls` for an assistant's calls.
    static func shaped(_ calls: String, prompt: String = "<a>") -> String {
        """
        {%- for t in tools or [] %}{{ '[tool ' ~ t.function.name ~ ']' }}{% endfor %}
        {%- for m in messages %}
            {%- if m.role == 'assistant' %}
                {{- '<a>' ~ (m.content or '') }}
                {%- if m.tool_calls %}\(calls){% endif %}
                {{- eos_token }}
            {%- else %}
                {{- '<' ~ m.role ~ '>' ~ m.content ~ '<end>' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}{{ '\(prompt)' }}{% endif %}
        """
    }

    static let hermesCalls = """
        {%- for c in m.tool_calls %}{{- '\\n<tool_call>\\n{"name": "' ~ c.function.name ~ '", "arguments": ' }}
        {{- c.function.arguments|tojson ~ '}\\n</tool_call>' }}{% endfor %}
        """

    static let hermes = CallSyntax(
        opening: "\n<tool_call>\n{\"name\": \"", middle: "\", \"arguments\": ", arguments: .spaced,
        separator: "}\n</tool_call>\n<tool_call>\n{\"name\": \"", closing: "}\n</tool_call>")

    static let all = [
        CallForm("Hermes with tokens", shaped(hermesCalls), [.toolCall, .toolCallEnd], hermes),
        CallForm("Hermes spelled", shaped(hermesCalls), hermes),
        CallForm(
            "Llama 3.1",
            shaped(
                """
                {%- if m.tool_calls|length != 1 %}{{ raise_exception('one at a time') }}{% endif %}
                {{- '{"name": "' ~ m.tool_calls[0].function.name ~ '", "parameters": ' }}
                {{- m.tool_calls[0].function.arguments|tojson ~ '}' }}
                """),
            CallSyntax(
                opening: "{\"name\": \"", middle: "\", \"parameters\": ", arguments: .spaced, separator: nil,
                closing: "}")),
        CallForm(
            "Llama 3.1 with a tag",
            shaped(
                """
                {{- '<|python_tag|>{"name": "' ~ m.tool_calls[0].function.name ~ '", "parameters": ' }}
                {{- m.tool_calls[0].function.arguments|tojson ~ '}' }}
                """), [.pythonTag],
            CallSyntax(
                opening: "<|python_tag|>{\"name\": \"", middle: "\", \"parameters\": ", arguments: .spaced,
                separator: nil, closing: "}")),
        CallForm(
            "Mistral with ids",
            shaped(
                """
                {{- '[TOOL_CALLS] [' }}{%- for c in m.tool_calls %}{{- '{"name": "' ~ c.function.name }}
                {{- '", "arguments": ' ~ c.function.arguments|tojson ~ ', "id": "' ~ c.id ~ '"}' }}
                {{- '' if loop.last else ', ' }}{% endfor %}{{ ']' }}
                """), [.toolCalls],
            CallSyntax(
                opening: "[TOOL_CALLS] [{\"name\": \"", middle: "\", \"arguments\": ", arguments: .spaced,
                separator: ", \"id\": \"call00001\"}, {\"name\": \"", closing: ", \"id\": \"call00001\"}]")),
        CallForm(
            "Mistral with heads",
            shaped(
                """
                {%- for c in m.tool_calls %}{{- '[TOOL_CALLS]' ~ c.function.name ~ '[CALL_ID]' ~ c.id ~ '[ARGS]' }}
                {{- c.function.arguments|tojson }}{% endfor %}
                """), [.toolCalls, .callID, .arguments],
            CallSyntax(
                opening: "[TOOL_CALLS]", middle: "[CALL_ID]call00001[ARGS]", arguments: .spaced,
                separator: "[TOOL_CALLS]", closing: "")),
        CallForm(
            "DeepSeek",
            shaped(
                """
                {{- '<｜tool▁calls▁begin｜>' }}{%- for c in m.tool_calls %}
                {{- '<｜tool▁call▁begin｜>function<｜tool▁sep｜>' ~ c.function.name ~ '\\n```json\\n' }}
                {{- c.function.arguments|tojson ~ '\\n```<｜tool▁call▁end｜>' ~ ('' if loop.last else '\\n') }}
                {%- endfor %}{{- '<｜tool▁calls▁end｜>' }}
                """),
            [.deepSeekCalls, .deepSeekCallsEnd, .deepSeekCall, .deepSeekSeparator, .deepSeekCallEnd],
            CallSyntax(
                opening: "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>", middle: "\n```json\n",
                arguments: .spaced,
                separator: "\n```<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>",
                closing: "\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>")),
        CallForm(
            "Granite",
            shaped(
                """
                {{- '<|tool_call|>[' }}{%- for c in m.tool_calls %}{{- '{"name": "' ~ c.function.name }}
                {{- '", "arguments": ' ~ c.function.arguments|tojson ~ '}' ~ ('' if loop.last else ', ') }}
                {%- endfor %}{{- ']' }}
                """), [.graniteCall],
            CallSyntax(
                opening: "<|tool_call|>[{\"name\": \"", middle: "\", \"arguments\": ", arguments: .spaced,
                separator: "}, {\"name\": \"", closing: "}]")),
        CallForm(
            "Nemotron, without white space",
            shaped(
                """
                {{- '<TOOLCALL>[' }}{%- for c in m.tool_calls %}{{- '{"name":"' ~ c.function.name }}
                {{- '","arguments":' ~ c.function.arguments|tojson(separators=(',', ':')) ~ '}' }}
                {{- '' if loop.last else ',' }}{% endfor %}{{- ']</TOOLCALL>' }}
                """),
            CallSyntax(
                opening: "<TOOLCALL>[{\"name\":\"", middle: "\",\"arguments\":", arguments: .compact,
                separator: "},{\"name\":\"", closing: "}]</TOOLCALL>")),
        CallForm(
            "functionary 3.1",
            shaped(
                """
                {%- for c in m.tool_calls %}{{- '<function=' ~ c.function.name ~ '>' }}
                {{- c.function.arguments|tojson ~ '</function>' }}{% endfor %}
                """),
            CallSyntax(
                opening: "<function=", middle: ">", arguments: .spaced, separator: "</function><function=",
                closing: "</function>")),
        CallForm(
            "functionary 3.2",
            """
            {%- for t in tools or [] %}{{ '[tool ' ~ t.function.name ~ ']' }}{% endfor %}
            {%- for m in messages %}
                {%- if m.role == 'assistant' %}
                    {{- '<a>' }}{%- if m.content %}{{- '>>>all\\n' ~ m.content }}{% endif %}
                    {%- for c in m.tool_calls or [] %}
                        {{- '>>>' ~ c.function.name ~ '\\n' ~ c.function.arguments|tojson }}
                    {%- endfor %}{{- eos_token }}
                {%- else %}{{- '<' ~ m.role ~ '>' ~ m.content ~ '<end>' }}{%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}{{ '<a>>>>' }}{% endif %}
            """,
            CallSyntax(opening: "", middle: "\n", arguments: .spaced, separator: ">>>", closing: "")),
        CallForm(
            "functionary 2, whose template wants arguments as text",
            """
            {%- for m in messages %}
                {%- if m.role == 'assistant' %}
                    {%- if m.content %}{{- '<|from|>assistant\\n<|recipient|>all\\n<|content|>' ~ m.content }}{% endif %}
                    {%- for c in m.tool_calls or [] %}
                        {{- '<|from|>assistant\\n<|recipient|>' + c.function.name }}
                        {{- '\\n<|content|>' + c.function.arguments }}
                        {{- '' if loop.last else '\\n' }}
                    {%- endfor %}{{- '<|stop|>\\n' }}
                {%- else %}
                    {{- '<|from|>' ~ m.role ~ '\\n<|recipient|>all\\n<|content|>' ~ m.content ~ '\\n' }}
                {%- endif %}
            {%- endfor %}
            {%- if add_generation_prompt %}{{ '<|from|>assistant\\n<|recipient|>' }}{% endif %}
            """, [.from, .recipientName, .content],
            CallSyntax(
                opening: "", middle: "\n<|content|>", arguments: .spaced,
                separator: "\n<|from|>assistant\n<|recipient|>", closing: "")),
        CallForm(
            "Qwen3-Coder",
            shaped(
                """
                {%- for c in m.tool_calls %}{{- '\\n<tool_call>\\n<function=' ~ c.function.name ~ '>\\n' }}
                {%- for key, value in c.function.arguments|items %}
                {{- '<parameter=' ~ key ~ '>\\n' ~ value ~ '\\n</parameter>\\n' }}{% endfor %}
                {{- '</function>\\n</tool_call>' }}{% endfor %}
                """), [.toolCall, .toolCallEnd],
            CallSyntax(opening: "\n<tool_call>\n<function=", middle: ">\n<", arguments: .other)),
        CallForm(
            "Python",
            shaped(
                """
                {{- '[' }}{%- for c in m.tool_calls %}{{- c.function.name ~ '(' }}
                {%- for key, value in c.function.arguments|items %}{{- key ~ '=' ~ value|tojson }}
                {{- '' if loop.last else ', ' }}{% endfor %}{{- ')' ~ ('' if loop.last else ', ') }}{% endfor %}{{- ']' }}
                """), CallSyntax(opening: "[", middle: "(", arguments: .other)),
        CallForm(
            "a template without tools",
            "{% for m in messages %}<{{ m.role }}>{{ m.content }}<end>{% endfor %}<assistant>",
            CallSyntax(
                opening: "{\"name\": \"", middle: "\", \"parameters\": ", arguments: .spaced,
                separator: "}\n{\"name\": \"", closing: "}")),
    ]
}
