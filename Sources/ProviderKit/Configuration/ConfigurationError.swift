import LlamaStackAPI

/// Mistakes in a provider's configuration, or in that of a resource. Throw it from `Provider.init` and
/// `Provider.register`; the host shows every problem at its line of the distribution.
///
///     guard FileManager.default.fileExists(atPath: path) else {
///         throw ConfigurationError("/model", "no file at \(path)")
///     }
public struct ConfigurationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One mistake: where it is and what is wrong with it.
    public struct Problem: Sendable, Equatable {
        /// A JSON Pointer (RFC 6901) into the configuration: `/threads`, `/shards/2/path`; empty for all of it.
        public var pointer: String
        /// Stable: "invalid_config", or a code of the provider's own.
        public var code: String
        /// A sentence that begins after the place: "no file at models/x". The host puts file, line and key before it.
        public var message: String

        /// A mistake at `pointer`. The code is "invalid_config" unless the provider has one of its own. Checks nothing.
        public init(pointer: String, code: String = ErrorCode.invalidConfig.code, message: String) {
            (self.pointer, self.code, self.message) = (pointer, code, message)
        }
    }

    /// Every mistake that was found: report all of them in one error.
    public var problems: [Problem]

    /// Several mistakes at once.
    public init(_ problems: [Problem]) { self.problems = problems }

    /// One mistake.
    ///
    /// - Parameter pointer: a JSON Pointer into the configuration: `/threads`; empty for all of it.
    /// - Parameter message: a sentence that begins after the place.
    public init(_ pointer: String, _ message: String) { self.init([Problem(pointer: pointer, message: message)]) }

    /// All problems in one line, for logs and tests.
    public var description: String {
        problems.map { "\($0.pointer.isEmpty ? "the configuration" : $0.pointer) \($0.message)" }
            .joined(separator: "; ")
    }
}

extension ConfigurationError.Problem {
    init(_ error: WireError, in configuration: JSON) {
        let code = error.code == .invalidRequest ? ErrorCode.invalidConfig : error.code
        self.init(
            pointer: JSON.pointer(toField: error.field, in: configuration), code: code.code, message: error.message)
    }

    var json: JSON { ["pointer": .string(pointer), "code": .string(code), "message": .string(message)] }
}

extension JSON {
    /// `shards[2].path` as a JSON Pointer. The value itself tells whether a dot stands in a key or between two.
    static func pointer(toField field: String, in value: JSON) -> String {
        if field.isEmpty { return "" }
        switch value {
        case .array(let items) where field.hasPrefix("["):
            guard let end = field.firstIndex(of: "]"),
                let index = Int(field[field.index(after: field.startIndex)..<end])
            else { break }
            let rest = field[field.index(after: end)...].drop { $0 == "." }
            return "/\(index)"
                + pointer(toField: String(rest), in: items.indices.contains(index) ? items[index] : .null)
        case .object(let object):
            let key = object.keys.sorted { $0.count > $1.count }.first { key in
                guard field.hasPrefix(key) else { return false }
                let rest = field.dropFirst(key.count)
                return rest.isEmpty || rest.hasPrefix(".") || rest.hasPrefix("[")
            }
            guard let key else { break }
            let rest = field.dropFirst(key.count).drop { $0 == "." }
            return "/" + escaped(key) + pointer(toField: String(rest), in: object[key] ?? .null)
        default: break
        }
        return "/" + escaped(field)
    }

    private static func escaped(_ key: String) -> String {
        String(key.flatMap { $0 == "~" ? "~0" : $0 == "/" ? "~1" : String($0) })
    }
}
