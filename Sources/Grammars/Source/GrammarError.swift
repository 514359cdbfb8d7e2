/// Why a grammar can't be compiled: the part of its schema and the keyword there.
package struct GrammarError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A JSON Pointer into the schema; empty for its root.
    package let place: String
    /// The keyword of the schema; empty where the fault lies in no single one.
    package let keyword: String
    package let reason: String

    package init(place: String = "", keyword: String = "", reason: String) {
        (self.place, self.keyword, self.reason) = (place, keyword, reason)
    }

    package var description: String {
        let path = place + (keyword.isEmpty ? "" : "/\(keyword)")
        return path.isEmpty ? "the grammar \(reason)" : "\(path) \(reason)"
    }
}
