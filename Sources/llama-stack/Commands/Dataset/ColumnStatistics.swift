import LlamaStackAPI

/// Statistics of the values of one column. Memory grows with the distinct values up to a limit, not with the rows.
struct ColumnStatistics {
    private static let distinctMax = 1_000_000

    private(set) var kinds: [DatasetColumnType: Int] = [:]
    private(set) var valueCount = 0
    /// Characters of a text, turns of a dialog, items or members of other JSON.
    private(set) var lengths = Histogram()
    private(set) var tokens = Histogram()
    private(set) var numbers: (least: Double, sum: Double, most: Double)?
    private(set) var roles: [Role: Int] = [:]
    private var hashes: Set<Int> = []
    /// Whether the format has texts alone, as CSV, so that a number is a text too.
    private let isText: Bool
    private var hasAttachments = false

    init(isText: Bool) { self.isText = isText }

    /// - Parameter countTokens: of a text; nil when there is no tokenizer.
    mutating func add(_ json: JSON, countTokens: ((String) -> Int)?) {
        let value = DatasetValue(json)
        guard let kind = value.kind else { return }
        kinds[kind, default: 0] += 1
        valueCount += 1
        if hashes.count <= Self.distinctMax { hashes.insert(json.hashValue) }
        switch value {
        case .number(let number):
            let before = numbers ?? (number, 0, number)
            numbers = (min(before.least, number), before.sum + number, max(before.most, number))
        case .text(let text), .media(let text):
            if case .object = json { hasAttachments = true }
            lengths.add(text.unicodeScalars.count)
        case .dialog(let messages):
            lengths.add(messages.count)
            for message in messages { roles[message.role, default: 0] += 1 }
        case .json(.array(let items)): lengths.add(items.count)
        case .json(.object(let object)): lengths.add(object.members.count)
        case .json, .missing: break
        }
        if let countTokens, let words = value.words { tokens.add(countTokens(words)) }
    }

    /// The type to register the column as: what all values are, else the narrowest that holds them all.
    var kind: DatasetColumnType {
        if kinds.count == 1, let kind = kinds.keys.first { return kind }
        if isText { return .text }
        return !kinds.isEmpty && !hasAttachments && Set(kinds.keys).isSubset(of: [.text, .media]) ? .text : .json
    }

    /// nil: more than are counted.
    var distinct: Int? { hashes.count <= Self.distinctMax ? hashes.count : nil }

    static var distinctWords: String { "over \(distinctMax)" }
}

/// How often each of some small numbers came: their exact median without keeping them all.
struct Histogram {
    private var counts: [Int: Int] = [:]
    private(set) var total = 0
    private(set) var sum = 0

    mutating func add(_ value: Int) {
        counts[value, default: 0] += 1
        total += 1
        sum += value
    }

    /// Least, median (the lower of two in the middle), most; nil when nothing was added.
    var spread: (least: Int, median: Int, most: Int)? {
        let values = counts.keys.sorted()
        guard let least = values.first, let most = values.last else { return nil }
        var before = 0
        let median = values.first { value in
            before += counts[value] ?? 0
            return 2 * before >= total
        }
        return (least, median ?? most, most)
    }
}
