/// A regular expression as ECMA-262 writes them (flag `u`), as an automaton over the bytes of UTF-8.
///
/// Matching takes time linear in the text, whatever the pattern: no back-tracking. What needs that, look-around and
/// back-references, is refused by name. `^` and `$` are the ends of the whole text; `\d` and `\w` are ASCII, `\s` is
/// Unicode's white space, `.` all but line ends. Lazy quantifiers (`*?`) are read and match as the others do: a match
/// is the leftmost, and of those the longest.
package struct Pattern: Sendable {
    /// As it was written.
    package let source: String
    /// The bytes of the longest text that it matches; nil when there is none.
    package let longestMatchBytes: Int?
    /// The states that its automaton takes of ``PatternLimits/statesMax``.
    package var stateCount: Int { program.states.count }
    let program: Program

    /// Throws a ``PatternError`` that says where and what.
    /// - Parameter ignoresCase: ASCII letters match in both cases.
    package init(
        _ source: String, ignoresCase: Bool = false, limits: PatternLimits = PatternLimits()
    ) throws(PatternError) {
        var parser = try PatternParser(source, ignoresCase: ignoresCase, limits: limits)
        let syntax = try parser.parse()
        self.source = source
        longestMatchBytes = syntax.longestBytes
        program = try Program(syntax, statesMax: limits.statesMax)
    }
}

/// The bounds of a pattern: everything here bounds memory or time.
package struct PatternLimits: Sendable, Equatable {
    /// Bytes of the pattern.
    package var bytesMax = 1 << 10
    /// The count of a repetition: `{0,1000}`.
    package var repetitionsMax = 1_000
    /// Groups inside each other.
    package var depthMax = 64
    /// States of the automaton before determinisation. Each copy of a repetition takes some.
    package var statesMax = 16_384

    /// The defaults.
    package init() {}
}

/// A pattern that is not taken: where and why.
package struct PatternError: Error, Sendable, Equatable, CustomStringConvertible {
    package enum Kind: Sendable, Equatable {
        /// It is no regular expression.
        case invalid
        /// It is one, but has what no automaton can do.
        case unsupported
        /// It passes one of ``PatternLimits``.
        case limit
    }

    package let kind: Kind
    /// In the UTF-8 of the pattern, from 0.
    package let byteOffset: Int
    package let message: String

    init(_ kind: Kind, _ byteOffset: Int, _ message: String) {
        (self.kind, self.byteOffset, self.message) = (kind, byteOffset, message)
    }

    package var description: String { "at byte \(byteOffset): \(message)" }
}
