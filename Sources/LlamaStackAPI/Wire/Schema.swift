/// The shape of a wire value, as far as this API needs it: what JSON Schema and the OpenAPI document are made from.
public indirect enum Schema: Sendable {
    /// Any JSON value.
    case any
    /// `true` or `false`.
    case boolean
    /// A whole number; nil is no bound.
    case integer(minimum: Int64? = nil, maximum: Int64? = nil)
    /// A number; nil is no bound.
    case number(minimum: Double? = nil, maximum: Double? = nil)
    /// A string; the arguments are JSON Schema's keywords, for the document: decoding is the type's own.
    case string(format: String? = nil, pattern: String? = nil, contentEncoding: String? = nil)
    /// Items of one schema. `uniqueItems`: none comes twice. `counts`: how many there may be, for the document.
    case array(Schema, uniqueItems: Bool = false, counts: ClosedRange<Int>? = nil)
    /// An object with any keys.
    case map(Schema)
    /// A string out of a closed list. `isOpen`: input may be any string, the document prints the list.
    case enumeration(name: String, values: [String], isOpen: Bool = false)
    /// A string that is always this one.
    case constant(String)
    /// A union whose members never fit together.
    case oneOf([Schema])
    /// A union whose members overlap.
    case anyOf([Schema])
    /// An object of which nothing is known.
    case object
    /// A union or alias with a name. `isComponent`: the document has it as a component; else it is written in place.
    case named(String, isComponent: Bool = false, Schema)
    /// An object with known fields.
    case record(Record)

    /// The fields of an object, as ``Object`` declares them.
    public struct Record: Sendable {
        /// Its name in the document and in errors.
        public var name: String
        /// The document has it as a component; else it is written in place.
        public var isComponent: Bool
        /// It may have other keys too.
        public var isOpen: Bool
        /// The fields in the order in which they are written.
        public var properties: [Property]
    }

    /// One field of a record.
    public struct Property: Sendable {
        /// Its key in JSON.
        public var key: String
        /// The schema of its value when it is there.
        public var schema: Schema
        /// Input must have it.
        public var isRequired: Bool
        /// It may be absent in output too.
        public var isOptional: Bool
        /// The default that the document states; nil when it states none.
        public var `default`: JSON?
        /// Its meaning, for the document; empty when its name says it.
        public var description: String
        /// The kind of resource that its value names: "model".
        public var resourceKind: String?
        /// Whether its value is the URL of a server that a provider with this configuration asks.
        public var isServerURL = false
        /// Only a caller that asks for more than the draft (the option `extended`) is sent it; no document prints it.
        public var isExtended = false
        /// The value that it has when it is missing or null; nil for a field that is required, or that then has no
        /// value.
        public var whenAbsent: JSON?
        /// Its condition beyond the schema: completes "must be …". nil when there is none.
        public var wanted: String?
        /// The same as members of a JSON Schema; none for one that JSON Schema has no words for.
        public var bounds = JSONObject()
    }
}
