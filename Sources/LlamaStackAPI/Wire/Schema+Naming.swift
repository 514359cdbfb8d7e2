extension Schema {
    /// The name under which other schemas may refer to it.
    package var name: String? {
        switch self {
        case .enumeration(let name, _, _), .named(let name, _, _): name
        case .record(let record): record.name
        default: nil
        }
    }

    /// The schemas it is made of, one level down.
    package var parts: [Schema] {
        switch self {
        case .array(let item, _, _): [item]
        case .map(let value): [value]
        case .oneOf(let members), .anyOf(let members): members
        case .named(_, _, let schema): [schema]
        case .record(let record): record.properties.map(\.schema)
        default: []
        }
    }
}
