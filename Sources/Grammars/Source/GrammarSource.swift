import JSONSchema

/// A language that an answer keeps to, as its author writes it: literals around JSON values. `Grammar` is its compiled
/// form.
///
/// A tool call of the Hermes form, with one of two tools, whose arguments keep to that tool's schema:
///
///     .sequence([
///         .token(toolCall),
///         .choice(tools.map { tool in
///             .sequence([
///                 .text("\n{\"name\": \"\(tool.name)\", \"arguments\": "), .value(tool.schema, .spaced), .text("}\n"),
///             ])
///         }),
///         .token(toolCallEnd),
///     ])
package indirect enum GrammarSource: Sendable {
    /// Exactly these characters, in any tokens that spell them. A control token is not spelled by text: see `token`.
    case text(String)
    /// One token by its id: a control token, or any other that must not be spelled in pieces.
    case token(Int32)
    /// A JSON value that is valid under the schema, written in one style.
    case value(ValueSchema, JSONStyle)
    /// Any text up to the first occurrence of this one, which is included. It must not be empty. Control tokens can't
    /// come in between.
    case textThrough(String)
    /// Any text, to the end of the answer. Nothing may follow it in a sequence.
    case anyText
    /// All parts, one after the other; none is the empty text.
    case sequence([GrammarSource])
    /// Any one of the options; at least one. Options may begin alike: the grammar goes on with all that fit so far.
    case choice([GrammarSource])
    /// `min` to `max` occurrences of an item with `separator` between two of them. `max` nil: any number. The item must
    /// not be one that can be empty.
    case repeated(GrammarSource, separator: GrammarSource? = nil, min: Int = 0, max: Int? = nil)
}

/// The white space of JSON values: a grammar allows exactly one spelling, so that what a model generates is what its
/// chat template writes when the answer comes back as history.
package struct JSONStyle: Sendable, Hashable {
    /// Between two items or members.
    package let itemSeparator: String
    /// Between a key and its value.
    package let keySeparator: String

    private init(_ itemSeparator: String, _ keySeparator: String) {
        (self.itemSeparator, self.keySeparator) = (itemSeparator, keySeparator)
    }

    /// As Python's `json.dumps` writes by default, and the filter `tojson` of chat templates: `{"a": [1, 2]}`.
    package static let spaced = JSONStyle(", ", ": ")
    /// Without any: `{"a":[1,2]}`.
    package static let compact = JSONStyle(",", ":")
}

/// Where in an answer its grammar begins.
package enum GrammarStart: Sendable {
    /// The whole answer is this, then the end of the turn.
    case now(GrammarSource)
    /// Free text until a trigger has been generated, then what the trigger says, then free text again. The turn may end
    /// wherever the text is free. Without triggers all text is free.
    case after([Trigger])

    /// An end of free text, and the grammar of the text after it.
    package struct Trigger: Sendable {
        package enum Opening: Sendable, Hashable {
            /// A token by its id, as a rule a control token. All others may be generated in free text.
            case token(Int32)
            /// This text, wherever it comes up in free text; must not be empty. Where one trigger's text is the end of
            /// another's, the first of them in the list counts.
            case text(String)
            /// This text where free text begins with it: at the start, and behind what another trigger said.
            case beginning(String)
        }

        package let opening: Opening
        /// The text after the opening, without the opening itself.
        package let then: GrammarSource

        package init(_ opening: Opening, then: GrammarSource) {
            (self.opening, self.then) = (opening, then)
        }
    }
}
