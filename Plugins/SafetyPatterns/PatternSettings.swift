import ProviderKit
import SensitivePatterns

extension SensitiveKind: WireEnum {}

/// The treatment of a message in which something is found.
enum FindingAction: String, WireEnum {
    /// It is a violation.
    case block
    /// Each finding is replaced by its kind.
    case redact
}

/// The settings of a shield, in its config and in a request's params. What either names is looked for.
struct PatternSettings: WireRecord, Hashable {
    static let patternsMax = 64

    /// Regular expressions.
    var patterns: [String]
    var kinds: [SensitiveKind]
    /// nil: block, unless the other says otherwise.
    var action: FindingAction?

    static let object = Object(
        "PatternSettings", isComponent: false, Self.init,
        Field(
            "patterns", \.patterns, default: [],
            check: Check("at most \(patternsMax) patterns", showing: \.count) { $0.count <= patternsMax },
            "Regular expressions, at most \(patternsMax), without look-around and back-references."),
        Field(
            "kinds", \.kinds, default: [],
            "What is found without a pattern: email, phone, card, iban, ip, key. All of them where neither kinds nor patterns are given."
        ),
        Field("action", \.action, "block: it is a violation, which is the default. redact: it is replaced by its kind.")
    )

    /// All kinds, where nothing else is looked for.
    var kindsFound: [SensitiveKind] { kinds.isEmpty && patterns.isEmpty ? SensitiveKind.allCases : kinds }

    /// The settings of both together. Blocking is not weakened by a request.
    func joined(_ request: PatternSettings) -> PatternSettings {
        var joined = self
        joined.patterns += request.patterns.filter { !patterns.contains($0) }
        joined.kinds += request.kinds.filter { !kinds.contains($0) }
        joined.action = action == .block ? .block : request.action ?? action
        return joined
    }
}

extension SensitiveKind {
    /// For people: "the text has …".
    var title: String {
        switch self {
        case .email: "an e-mail address"
        case .phone: "a telephone number"
        case .card: "a card number"
        case .iban: "a bank account (IBAN)"
        case .ip: "an IP address"
        case .key: "a key or token"
        }
    }
}
