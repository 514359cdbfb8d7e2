import Testing

@testable import ChatTemplates

struct CallSyntaxTests {
    @Test("how calls are written is found in what a template writes", arguments: CallForm.all)
    func found(form: CallForm) throws {
        #expect(CallSyntax(of: try form.format(), controls: form.controls) == form.syntax)
    }

    @Test("the templates of models and our own")
    func known() throws {
        func syntax(_ file: String, _ controls: Set<ReplyMark> = []) throws -> CallSyntax? {
            let format = try ChatFormat(template: ReferenceData.text(file), bosToken: "<s>", eosToken: "</s>")
            return CallSyntax(of: format, controls: controls)
        }
        var qwen = CallForm.hermes
        qwen.opening = String(qwen.opening.dropFirst())
        #expect(try syntax("qwen2.5.jinja") == qwen)
        #expect(try syntax("qwen3.jinja", [.toolCall, .toolCallEnd, .think, .thinkEnd]) == qwen)
        #expect(try syntax("mistral-nemo.jinja", [.toolCalls])?.opening == "[TOOL_CALLS][{\"name\": \"")
        #expect(try syntax("smollm2.jinja") == CallForm.all.last?.syntax)
    }

    @Test("a form that would not be read as calls is none", arguments: ["<call>", "<minimax:tool_call>", "functools["])
    func unread(mark: String) throws {
        let template = CallForm.shaped(
            "{{- '\(mark)' ~ m.tool_calls[0].function.name }}{{ m.tool_calls[0].function.arguments|tojson }}")
        #expect(
            CallSyntax(of: try ChatFormat(template: template, bosToken: "", eosToken: "<end>"), controls: []) == nil)
    }

    @Test(
        "a thought that the prompt opens, or opens and closes, is no part of a call",
        arguments: ["<a><think>\\n", "<a><think></think>"])
    func thought(prompt: String) throws {
        let template = CallForm.shaped(CallForm.hermesCalls, prompt: prompt)
        let format = try ChatFormat(template: template, bosToken: "", eosToken: "<end>")
        #expect(CallSyntax(of: format, controls: []) == CallForm.hermes)
    }
}
