extension Jinja.Parser {
    /// The filters and tests so far whose names are unknown.
    ///
    /// As in jinja2, such a name refuses the template when it is loaded, also where the code is never reached; but not
    /// in an `if` statement or a conditional expression, which may be there to avoid it. A body with a scope of its own
    /// (a loop's, a macro's, …) counts by itself again, wherever it stands.
    struct UnknownNames {
        /// Those that an `if` around them may still forgive.
        var open: [TemplateError] = []
        /// The first of the others.
        var first: TemplateError?
    }

    mutating func checkFilter(_ name: String, line: Int) {
        guard Jinja.Signature.filters[name] == nil else { return }
        unknown.open.append(TemplateError(.syntax, line: line, Jinja.Machine.noFilter(name)))
    }

    mutating func checkTest(_ name: String, line: Int) {
        guard Jinja.Signature.tests[name] == nil else { return }
        unknown.open.append(TemplateError(.syntax, line: line, Jinja.Machine.noTest(name)))
    }

    /// Forgives the names of an `if` that began when this number of names was open.
    mutating func forgive(since count: Int) {
        if unknown.open.count > count { unknown.open.removeSubrange(count...) }
    }

    /// Ends a body with a scope of its own, which began when this number of names was open.
    mutating func endScope(since count: Int) {
        guard unknown.open.count > count else { return }
        if unknown.first == nil { unknown.first = unknown.open[count] }
        unknown.open.removeSubrange(count...)
    }

    /// - Throws: the error of the first name that nothing forgives.
    mutating func requireKnownNames() throws(TemplateError) {
        endScope(since: 0)
        if let first = unknown.first { throw first }
    }
}
