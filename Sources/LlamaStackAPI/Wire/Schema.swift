/// The shape of a wire value, as far as this API needs it: what JSON Schema and the OpenAPI document are made from.
public indirect enum Schema: Sendable {
    case any
    case boolean
    case integer(minimum: Int64? = nil, maximum: Int64? = nil)
    case number(minimum: Double? = nil, maximum: Double? = nil)
    case string(format: String? = nil, pattern: String? = nil, contentEncoding: String? = nil)
    case array(Schema, uniqueItems: Bool = false)
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
    case record(Record)

    public struct Record: Sendable {
        public var name: String
        public var isComponent: Bool
        /// It may have other keys too.
        public var isOpen: Bool
        public var properties: [Property]
    }

    public struct Property: Sendable {
        public var key: String
        public var schema: Schema
        /// Input must have it.
        public var isRequired: Bool
        /// It may be absent in output too.
        public var isOptional: Bool
        public var `default`: JSON?
        public var description: String
        /// The kind of resource that its value names: "model".
        public var resourceKind: String?
        /// It is the URL of a server that a provider with this configuration asks.
        public var isServerURL = false
        /// What it is when it is missing or null; nil when it must be there, or is nothing then.
        public var whenAbsent: JSON?
        /// What it must hold beyond its schema: completes "must be …".
        public var wanted: String?
    }
}
