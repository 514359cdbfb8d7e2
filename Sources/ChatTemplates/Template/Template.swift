/// A chat template, read once and rendered often.
///
/// The language is Jinja as model files use it, with jinja2's semantics under `trim_blocks` and `lstrip_blocks`; it has
/// no way to files, the network or the host's objects. A template is foreign code: whatever it does ends in text, or in
/// a
/// `TemplateError` within `TemplateLimits`.
///
/// Any thread may render, several at once. A render computes for at most 250 ms in an optimised build, and fits a stack
/// of 512 KiB in any build.
package struct Template: Sendable {
    private let body: [any Jinja.Statement]
    private let names: [String: Jinja.Name]
    private let limits: TemplateLimits

    /// Throws `TemplateError` for a source that is no Jinja, or that passes a limit.
    package init(_ source: String, limits: TemplateLimits = .init()) throws(TemplateError) {
        guard source.utf8.count <= limits.sourceBytesMax else {
            throw TemplateError(
                .limit, line: 0, "\(source.utf8.count) bytes long; at most \(limits.sourceBytesMax) are read")
        }
        let tokens = try Jinja.Lexer.tokens(of: source, nestingMax: limits.nestingMax)
        (body, names) = try Jinja.Parser.parse(tokens, nestingMax: limits.nestingMax)
        self.limits = limits
    }

    /// The prompt for these variables.
    ///
    /// All text in `variables` is untrusted except `.control`; see `Prompt.pieces` for what comes of it.
    /// - Parameter today: what `strftime_now` reads.
    package func render(_ variables: TemplateMap, today: TemplateDate) throws(TemplateError) -> Prompt {
        try renderCounting(variables, today: today).prompt
    }

    /// `render`, and the steps that it took.
    func renderCounting(
        _ variables: TemplateMap, today: TemplateDate
    ) throws(TemplateError) -> (prompt: Prompt, steps: Int) {
        let machine = Jinja.Machine(limits: limits, today: today)
        for entry in variables.entries {
            guard let name = names[entry.key] else { continue }
            machine.scope.set(name, try Jinja.Value(entry.value, levels: limits.nestingMax))
        }
        _ = try machine.run(body)
        let written = machine.written
        let segments = written.runs.map { run in
            PromptSegment(String(decoding: written.bytes[run.range], as: UTF8.self), run.origin)
        }
        return (Prompt(segments: segments), machine.steps)
    }

    /// True if the template reads a variable of this name anywhere.
    package func mentions(_ name: String) -> Bool { names[name] != nil }
}
