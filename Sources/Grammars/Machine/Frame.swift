/// Where to go on when what is above has ended: a linked list is the stack. Immutable, so that the stacks of many
/// states share their lower parts.
final class Frame: Sendable {
    let rule: Int32
    /// A sequence's next part, a list's next item, an object's next property.
    let index: Int32
    /// Members of an object so far.
    let count: Int32
    /// The part that has ended: see `Grammar.resume`.
    let stage: Stage
    let parent: Frame?
    /// Keys that an object has used, of those that its schema does not list.
    let used: UsedKeys?
    let depth: Int32
    fileprivate let hash: Int

    enum Stage: UInt8, Sendable {
        case value, separator, key, openSeparator, openKey, openColon
    }

    init(
        _ rule: Int32, index: Int32 = 0, count: Int32 = 0, stage: Stage = .value, used: UsedKeys? = nil, parent: Frame?
    ) {
        (self.rule, self.index, self.count, self.stage, self.parent) = (rule, index, count, stage, parent)
        self.used = used
        depth = (parent?.depth ?? 0) + 1
        var hasher = Hasher()
        hasher.combine(rule)
        hasher.combine(index)
        hasher.combine(count)
        hasher.combine(stage)
        hasher.combine(used?.count ?? 0)
        hasher.combine(parent?.hash ?? 0)
        hash = hasher.finalize()
    }

    /// Whether two stacks are the same all the way down.
    static func same(_ a: Frame?, _ b: Frame?) -> Bool {
        var (a, b) = (a, b)
        while true {
            guard let x = a, let y = b else { return a == nil && b == nil }
            if x === y { return true }
            guard x.hash == y.hash, x.rule == y.rule, x.index == y.index, x.count == y.count, x.stage == y.stage,
                UsedKeys.same(x.used, y.used)
            else { return false }
            (a, b) = (x.parent, y.parent)
        }
    }
}

/// One reading of the text so far: what takes the next byte or token, and the stack below it.
struct Reading: Hashable, Sendable {
    enum Top: Hashable, Sendable {
        /// A leaf's number, its automaton's state, and the characters counted.
        case leaf(Int32, state: Int32, count: Int32)
        case token(Int32)
        /// The grammar has ended.
        case end
    }

    var top: Top
    let frame: Frame?
    /// The beginning of a key that the schema does not list, while it is being read; nil elsewhere.
    var key: [UInt8]?

    static func == (a: Reading, b: Reading) -> Bool {
        a.top == b.top && a.key == b.key && Frame.same(a.frame, b.frame)
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(top)
        hasher.combine(key)
        hasher.combine(frame?.hash ?? 0)
    }
}

/// The readings of a text, each once.
struct Readings: Sendable {
    private(set) var all: [Reading] = []
    /// The same, from `searchedMax` on.
    private var known: Set<Reading> = []

    /// A text that can be read in more ways than this keeps the first of them: what they allow is right, but not all
    /// that is right.
    static let countMax = 512
    /// The number that is searched one by one: few texts can be read in more ways.
    private static let searchedMax = 16

    var isFull: Bool { all.count >= Self.countMax }

    mutating func insert(_ reading: Reading) {
        guard !isFull else { return }
        if all.count < Self.searchedMax {
            guard !all.contains(reading) else { return }
        } else {
            if known.isEmpty { known = Set(all) }
            guard known.insert(reading).inserted else { return }
        }
        all.append(reading)
    }

    mutating func removeAll() {
        all.removeAll(keepingCapacity: true)
        known.removeAll(keepingCapacity: true)
    }
}
