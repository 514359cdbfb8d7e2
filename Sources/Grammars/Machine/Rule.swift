/// A part of a compiled grammar, which names others by their numbers: a ring of them is no special case.
enum Rule: Hashable, Sendable {
    /// Bytes that an automaton takes, by the number of its leaf.
    case leaf(Int32)
    case token(Int32)
    case sequence([Int32])
    case choice([Int32])
    case list(ListRule)
    case members(MembersRule)
    case free(FreeRule)
    /// No text at all is right: what can't be valid under its schema. It is never entered.
    case nothing
}

/// An automaton, and bounds of the characters that it counts.
struct Leaf: Sendable {
    let automaton: ByteAutomaton
    var countMin: Int32 = 0
    /// `Int32.max`: unbounded.
    var countMax = Int32.max
    /// Free text: the turn may end at every byte, and all tokens without bytes may come.
    var isFree = false
}

/// Items in order: first those of `first`, then any number of `rest`.
struct ListRule: Hashable, Sendable {
    var first: [Int32] = []
    /// Nil where none may follow `first`.
    var rest: Int32?
    var separator: Int32?
    var min = 0
    var max = Int.max

    func item(_ index: Int) -> Int32? { index < first.count ? first[index] : rest }
}

/// Members of an object, without its braces: those of `properties` in order, each at most once, then `open` ones.
struct MembersRule: Hashable, Sendable {
    struct Open: Hashable, Sendable {
        /// The number of the leaf of a key, quotes included.
        let key: Int32
        /// Between the member before and the key, and between the key and the value.
        let separator: Int32
        let colon: Int32
        let value: Int32
    }

    struct Property: Hashable, Sendable {
        /// The key with all up to its value, as the first member and as a later one.
        let keyAtFirst: Int32
        let keyLater: Int32
        let value: Int32
        let isRequired: Bool
    }

    var properties: [Property] = []
    /// Members of other names: additional ones, those of patterns.
    var open: [Open] = []
    var min = 0
    var max = Int.max
    /// [index]: required ones among the properties from `index` on.
    private(set) var requiredFrom: [Int] = [0]

    mutating func complete() {
        requiredFrom = [0]
        for property in properties.reversed() {
            requiredFrom.insert(requiredFrom[0] + (property.isRequired ? 1 : 0), at: 0)
        }
    }
}

/// Free text, ended by one of several openings, each with what follows it.
struct FreeRule: Hashable, Sendable {
    let leaf: Int32
    /// By the outcome of the leaf's automaton.
    var afterTexts: [Int32] = []
    var afterTokens: [Int32: Int32] = [:]
}
