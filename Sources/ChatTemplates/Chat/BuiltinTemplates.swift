/// Chat formats for model files without a template, written in the same language as a file's own.
///
/// Their words are those that the models were trained on, so their output equals that of the models' own templates
/// where both speak; the tests hold them to it.
enum BuiltinTemplates {
    /// Llama 3 (April 2024): headers, no tools.  Roles: system, user, assistant.
    static let llama3 = """
        {{ bos_token }}
        {%- for message in messages %}
            {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' ~ message.content|trim ~ '<|eot_id|>' }}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
        {%- endif %}
        """

    /// ChatML, as Qwen and SmolLM2 speak it; tools in the form that Hermes and Qwen were trained on.
    static let chatML = """
        {%- if tools %}
            {{- '<|im_start|>system\\n' }}
            {%- if messages and messages[0].role == 'system' %}
                {{- messages[0].content ~ '\\n\\n' }}
            {%- endif %}
            {{- '# Tools\\n\\nYou may call one or more functions to assist with the user query.\\n\\n' }}
            {{- 'You are provided with function signatures within <tools></tools> XML tags:\\n<tools>' }}
            {%- for tool in tools %}
                {{- '\\n' ~ tool|tojson }}
            {%- endfor %}
            {{- '\\n</tools>\\n\\nFor each function call, return a json object with function name and arguments ' }}
            {{- 'within <tool_call></tool_call> XML tags:\\n<tool_call>\\n' }}
            {{- '{"name": <function-name>, "arguments": <args-json-object>}\\n</tool_call><|im_end|>\\n' }}
        {%- endif %}
        {%- for message in messages %}
            {%- if message.role == 'tool' %}
                {%- if loop.first or loop.previtem.role != 'tool' %}
                    {{- '<|im_start|>user' }}
                {%- endif %}
                {{- '\\n<tool_response>\\n' ~ message.content ~ '\\n</tool_response>' }}
                {%- if loop.last or loop.nextitem.role != 'tool' %}
                    {{- '<|im_end|>\\n' }}
                {%- endif %}
            {%- elif not (tools and loop.first and message.role == 'system') %}
                {{- '<|im_start|>' ~ message.role }}
                {%- if message.content or not message.tool_calls %}
                    {{- '\\n' ~ message.content }}
                {%- endif %}
                {%- for call in message.tool_calls or [] %}
                    {{- '\\n<tool_call>\\n{"name": "' ~ call.function.name ~ '", "arguments": ' }}
                    {{- call.function.arguments|tojson ~ '}\\n</tool_call>' }}
                {%- endfor %}
                {{- '<|im_end|>\\n' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|im_start|>assistant\\n' }}
        {%- endif %}
        """

    /// Llama 3.1: an ipython environment for built-in tools and code, custom tools as JSON in the first user message.
    ///
    /// The system message has, in order: `Environment: ipython` when there is any tool; `Tools: ` and the built-in
    /// names except code_interpreter, when there are any; the knowledge date; today's date; the instructions. A result
    /// of a tool is written under the header `ipython`, whatever it is called outside.
    static let llama31 = """
        {{ bos_token }}
        {%- set first = messages[0] if messages and messages[0].role == 'system' %}
        {%- set rest = messages[1:] if first else messages %}
        {%- set named = (builtin_tools or [])|reject('equalto', 'code_interpreter')|list %}
        {%- set state = namespace(owed=tools) %}
        {{- '<|start_header_id|>system<|end_header_id|>\\n\\n' }}
        {%- if builtin_tools or tools %}
            {{- 'Environment: ipython\\n' }}
        {%- endif %}
        {%- if named %}
            {{- 'Tools: ' ~ named|join(', ') ~ '\\n' }}
        {%- endif %}
        {{- 'Cutting Knowledge Date: December 2023\\nToday Date: ' }}
        {{- date_string if date_string is defined else strftime_now('%d %b %Y') }}
        {{- '\\n\\n' ~ (first.content|trim if first else '') ~ '<|eot_id|>' }}
        {%- for message in rest %}
            {%- if message.role == 'tool' %}
                {{- '<|start_header_id|>ipython<|end_header_id|>\\n\\n' ~ message.content ~ '<|eot_id|>' }}
            {%- elif message.role == 'assistant' and message.tool_calls %}
                {%- for call in message.tool_calls %}
                    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n<|python_tag|>' }}
                    {%- if call.function.name == 'code_interpreter' and call.function.arguments.code is string %}
                        {{- call.function.arguments.code }}
                    {%- elif call.builtin %}
                        {{- call.function.name ~ '.call(' }}
                        {%- for key, value in call.function.arguments|items %}
                            {{- key ~ '="' ~ value ~ '"' ~ ('' if loop.last else ', ') }}
                        {%- endfor %}
                        {{- ')' }}
                    {%- else %}
                        {{- '{"name": "' ~ call.function.name ~ '", "parameters": ' ~ call.function.arguments|tojson ~ '}' }}
                    {%- endif %}
                    {{- '<|eom_id|>' if message.ended_message_only else '<|eot_id|>' }}
                {%- endfor %}
            {%- else %}
                {{- '<|start_header_id|>' ~ message.role ~ '<|end_header_id|>\\n\\n' }}
                {%- if state.owed and message.role == 'user' %}
                    {{- 'Given the following functions, please respond with a JSON for a function call ' }}
                    {{- 'with its proper arguments that best answers the given prompt.\\n\\n' }}
                    {{- 'Respond in the format {"name": function name, "parameters": dictionary of argument name ' }}
                    {{- 'and its value}.Do not use variables.\\n\\n' }}
                    {%- for tool in tools %}
                        {{- tool|tojson(indent=4) ~ '\\n\\n' }}
                    {%- endfor %}
                    {%- set state.owed = none %}
                {%- endif %}
                {{- message.content|trim ~ '<|eot_id|>' }}
            {%- endif %}
        {%- endfor %}
        {%- if add_generation_prompt %}
            {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
        {%- endif %}
        """
}
