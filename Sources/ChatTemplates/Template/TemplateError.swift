/// Why a template could not be read, or could not be rendered.
package struct TemplateError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// The source is not Jinja, or uses a part that this interpreter leaves out.
        case syntax
        /// An operation on a value of the wrong type, an unknown filter, a missing variable that was needed.
        case evaluation
        /// The template itself said no, with `raise_exception`: the conversation does not suit this model.
        case refused
        /// One of `TemplateLimits` was reached.
        case limit
    }

    package let kind: Kind
    /// Line in the template, from 1; 0 where no line can be named.
    package let line: Int
    package let message: String

    package init(_ kind: Kind, line: Int, _ message: String) {
        (self.kind, self.line, self.message) = (kind, line, message)
    }

    /// The stable code of the wire error.
    package var code: String { kind == .limit ? "template_limit" : "template_error" }

    package var description: String {
        line > 0 ? "chat template, line \(line): \(message)" : "chat template: \(message)"
    }
}
