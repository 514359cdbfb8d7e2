/// The bounds of a schema and of a validation: everything here bounds memory or time.
package struct SchemaLimits: Sendable, Equatable {
    /// Bytes of the document, written without white space.
    package var bytesMax = 64 << 10
    /// Schemas inside each other; a property is one inside its object.
    package var depthMax = 32
    /// Schemas in the document.
    package var subschemasMax = 4_096
    /// Bytes of the JSON Pointer of a schema: names of properties inside each other.
    package var placeBytesMax = 2 << 10
    /// Values of one `enum`.
    package var enumValuesMax = 1_024
    /// Bytes of one regular expression.
    package var patternBytesMax = 1 << 10
    /// States of the automata of all regular expressions together.
    package var patternStatesMax = 65_536
    /// Steps of one validation: a schema that looks at a value is one, and so are 64 bytes compared or counted; a
    /// violation that is told is four.
    package var stepsMax = 500_000
    /// Schemas that look at a value or at what it is in, inside each other: the validator recurses this deep.
    package var nestingMax = 512
    /// Violations that are told of one value.
    package var violationsMax = 100

    /// The defaults.
    package init() {}
}
