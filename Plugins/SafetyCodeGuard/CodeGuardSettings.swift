import CodeRules
import ProviderKit

/// The settings of a shield, in its config and in a request's params.
struct CodeGuardSettings: WireRecord, Hashable {
    /// Rules that are left out.
    var excludedRules: [String]

    static let object = Object(
        "CodeGuardSettings", isComponent: false, Self.init,
        Field(
            "excluded_rules", \.excludedRules, default: [],
            check: Check("ids of rules: " + CodeRule.ids.joined(separator: ", ")) {
                $0.allSatisfy(CodeRule.ids.contains)
            },
            "Ids of rules that are left out."))
}
