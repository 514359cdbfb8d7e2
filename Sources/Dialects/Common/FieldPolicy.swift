import LlamaStackAPI

/// The treatment of the fields of a request that its record does not have. Those that it has are supported; these are
/// the other two lists, and every other field is taken too: clients send what their vendors invented.
package struct FieldPolicy: Sendable {
    /// A field whose value changes the answer, and which this server can't follow.
    package struct Refused: Sendable {
        package let key: String
        /// Values that say the same as leaving the field out. `null` always is one.
        package let harmless: [JSON]
        /// The next step: completes "is not supported here: …".
        package let remedy: String

        package init(_ key: String, unless harmless: [JSON] = [], _ remedy: String) {
            (self.key, self.harmless, self.remedy) = (key, harmless, remedy)
        }
    }

    /// Known, taken, and without effect here.
    package let withoutEffect: [String]
    package let refused: [Refused]

    package init(withoutEffect: [String] = [], refused: [Refused] = []) {
        (self.withoutEffect, self.refused) = (withoutEffect, refused)
    }

    /// The fields that have no effect, in the request's order; a field that is null says nothing. Throws for the first
    /// that is refused.
    ///
    /// - Parameter rest: the members that no field of the record took.
    package func ignored(in rest: JSONObject) throws(DialectError) -> [String] {
        var ignored: [String] = []
        for member in rest.members where member.value != .null {
            guard let rule = refused.first(where: { $0.key == member.key }) else {
                ignored.append(member.key)
                continue
            }
            guard rule.harmless.contains(member.value) else {
                throw DialectError(
                    .unsupportedOption, "\(rule.key) is not supported here: \(rule.remedy)", field: rule.key)
            }
        }
        return ignored
    }
}
