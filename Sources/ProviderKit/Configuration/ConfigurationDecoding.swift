import LlamaStackAPI

/// For providers that have nothing to configure.
public struct NoConfiguration: WireRecord, Equatable {
    /// A value without fields.
    public init() {}
    /// A record without fields: every key of the configuration is refused.
    public static let object = Object("NoConfiguration", isComponent: false, { NoConfiguration() })
}

extension Resource {
    /// Its ``config``, decoded and checked like a provider's: for `Provider.register`. Throws a ``ConfigurationError``.
    public func configuration<Configuration: WireRecord>(
        as type: Configuration.Type = Configuration.self
    ) throws -> Configuration {
        try Configuration(configuration: .object(config ?? [:]))
    }
}

extension WireRecord {
    /// Decodes a provider's configuration, and reports as many mistakes as it can find.
    ///
    /// Decoding stops at the first mistake. So a member that is wrong or missing is replaced by one that passes, and
    /// the rest is read again; the value is only given out when nothing had to be replaced.
    init(configuration json: JSON) throws {
        guard case .object(var members) = json else {
            throw ConfigurationError("", "must be an object, got \(json.kind)")
        }
        var problems: [ConfigurationError.Problem] = []
        var replaced: Set<String> = []
        while true {
            do {
                self = try Self(json: .object(members), at: .root)
                break
            } catch let error as WireError {
                let top = Self.topLevelKey(of: error.field, in: members)
                // A stand-in that does not pass hides the rest: say what is known.
                guard let top, replaced.insert(top).inserted else {
                    if problems.isEmpty { problems = [ConfigurationError.Problem(error, in: json)] }
                    throw ConfigurationError(problems)
                }
                problems.append(ConfigurationError.Problem(error, in: json))
                let property = Self.object.properties.first { $0.key == top }
                members[top] = property?.isRequired == true ? property?.schema.standIn : nil
            }
        }
        guard problems.isEmpty else { throw ConfigurationError(problems) }
    }

    private static func topLevelKey(of field: String, in members: JSONObject) -> String? {
        (members.keys + object.properties.map(\.key))
            .filter { field == $0 || field.hasPrefix($0 + ".") || field.hasPrefix($0 + "[") }
            .max { $0.count < $1.count }
    }
}

extension Schema {
    /// Some value that has the right type.
    fileprivate var standIn: JSON {
        switch self {
        case .boolean: false
        case .integer(let minimum, _): .integer(minimum ?? 1)
        case .number(let minimum, _): .number(minimum ?? 1)
        case .array: []
        case .map, .object, .record: [:]
        case .enumeration(_, let values, _): .string(values.first ?? "")
        case .constant(let value): .string(value)
        case .named(_, _, let schema): schema.standIn
        case .any, .string, .anyOf, .oneOf: "stand-in"
        }
    }
}
