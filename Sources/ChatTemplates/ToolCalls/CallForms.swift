/// The forms in which one model writes calls, by what its template mentions.
package struct CallForms: Sendable, Equatable {
    /// The marks that open a call where they are spelled in text.  One that came as a control token always does.
    package var marks: Set<ReplyMark>
    /// A call that no mark opens (JSON, a list of Python calls) may stand anywhere, not only where the answer begins.
    package var takesBareCallsAnywhere: Bool

    /// For a model whose template says nothing of calls.
    package static let all = CallForms(
        marks: [
            .toolCall, .graniteCall, .functionCall, .tools, .toolCallStart, .toolCode, .functools, .nemotronCalls,
            .toolCalls, .pythonTag, .function, .deepSeekCalls, .deepSeekCall,
        ],
        takesBareCallsAnywhere: true)

    /// Marks that a template writes -> those that models with such a template write.
    private static let families: [(written: [String], marks: Set<ReplyMark>, isOwn: Bool)] = [
        (
            ["<tool_call>", "<|tool_call|>", "<function_call>"],
            [.toolCall, .graniteCall, .functionCall, .tools, .function], true
        ),
        (["<|tool_call_start|>"], [.toolCallStart], true),
        (["tool_code"], [.toolCode], true),
        (["functools["], [.functools], true),
        (["<TOOLCALL>"], [.nemotronCalls], true),
        (["[TOOL_CALLS]"], [.toolCalls], true),
        (["<｜tool▁call▁begin｜>", "<｜tool▁calls▁begin｜>"], [.deepSeekCalls, .deepSeekCall], true),
        ([">>>all", ">>>' + ", ">>>' ~ "], [.recipient], true),
        (["<|recipient|>"], [.from, .recipientName, .content], true),
        (["<function="], [.function], false),
        // The first template of Llama 3.1 has one and its models were trained on both.
        (["<|python_tag|>"], [.pythonTag, .function], false),
    ]

    package init(marks: Set<ReplyMark>, takesBareCallsAnywhere: Bool) {
        (self.marks, self.takesBareCallsAnywhere) = (marks, takesBareCallsAnywhere)
    }

    /// - Parameters:
    ///   - source: a chat template.
    ///   - hasTools: the template tells its model of tools. Where it does not, our own words do, and the model may
    ///     answer in any form.
    init(template source: String, hasTools: Bool) {
        let found = Self.families.filter { $0.written.contains { source.contains($0) } }
        guard hasTools, !found.isEmpty else {
            self = .all
            for family in found { marks.formUnion(family.marks) }
            return
        }
        marks = found.reduce(into: []) { $0.formUnion($1.marks) }
        takesBareCallsAnywhere = !found.contains { $0.isOwn }
    }
}

extension ChatFormat {
    /// The forms of calls that this model is tried for.
    package var callForms: CallForms { CallForms(template: forTools.source, hasTools: hasTools) }
}
