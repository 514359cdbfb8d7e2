import LlamaStackAPI

/// For providers that have nothing to configure.
public struct NoConfiguration: WireRecord, Equatable {
    public init() {}
    public static let object = Object("NoConfiguration", isComponent: false, { NoConfiguration() })
}

extension WireRecord {
    /// Decodes a provider's configuration, and reports as many mistakes as one reading can find.
    init(configuration json: JSON) throws {
        guard case .object(var members) = json else {
            throw ConfigurationError("", "must be an object, got \(json.kind)")
        }
        var problems: [ConfigurationError.Problem] = []
        // A member that is wrong is taken out, and the rest is read again: what remains may be wrong too. What is
        // missing ends it, unless it is only missing because it was taken out.
        var removed: Set<String> = []
        while true {
            do {
                let value = try Self(json: .object(members), at: .root)
                guard problems.isEmpty else { throw ConfigurationError(problems) }
                self = value
                return
            } catch let error as WireError {
                let top = Self.topLevelKey(of: error.field, in: members)
                if let top, members[top] != nil {
                    problems.append(ConfigurationError.Problem(error, in: json))
                    members[top] = nil
                    removed.insert(top)
                    continue
                }
                let missing = Self.object.properties.filter { $0.isRequired && members[$0.key] == nil }.map(\.key)
                    .filter { !removed.contains($0) }
                for key in missing {
                    problems.append(.init(pointer: JSON.pointer(toField: key, in: json), message: "is required"))
                }
                if problems.isEmpty { problems = [ConfigurationError.Problem(error, in: json)] }
                throw ConfigurationError(problems)
            }
        }
    }

    private static func topLevelKey(of field: String, in members: JSONObject) -> String? {
        members.keys.filter { field == $0 || field.hasPrefix($0 + ".") || field.hasPrefix($0 + "[") }
            .max { $0.count < $1.count }
    }
}
