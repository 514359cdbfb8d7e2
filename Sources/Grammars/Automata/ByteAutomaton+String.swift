/// An automaton over the characters of a string as UTF-8, before JSON's escapes.
protocol StringShape {
    var start: Int32 { get }
    /// Nil where no text that goes on so has the shape.
    func step(_ state: Int32, _ byte: UInt8) -> Int32?
    func accepts(_ state: Int32) -> Bool
    /// Sets of bytes that its states tell apart.
    var byteSets: [Set<UInt8>] { get }
}

/// Any characters but these texts.
struct OtherThan: StringShape {
    private var children: [[UInt8: Int32]] = [[:]]
    private var isEnd = [false]
    private(set) var byteSets: [Set<UInt8>] = []

    init(_ texts: [[UInt8]]) {
        for text in texts {
            var node = 0
            for byte in text {
                if let child = children[node][byte] {
                    node = Int(child)
                } else {
                    children[node][byte] = Int32(children.count)
                    node = children.count
                    children.append([:])
                    isEnd.append(false)
                }
            }
            isEnd[node] = true
        }
        byteSets = Set(texts.joined()).map { [$0] }
    }

    var start: Int32 { 0 }
    /// -1: no longer the beginning of any of the texts.
    func step(_ state: Int32, _ byte: UInt8) -> Int32? { state < 0 ? -1 : children[Int(state)][byte] ?? -1 }
    func accepts(_ state: Int32) -> Bool { state < 0 || !isEnd[Int(state)] }
}

/// Where within the spelling of a JSON string a state is.
private enum StringPhase: Hashable {
    case opening, body, closed
    /// After the back-slash, and after each character of `\u00` and the first hexadecimal digit.
    case escape, u, u0, u00, hex(UInt8)
}

private struct StringState: Hashable {
    var phase: StringPhase
    var utf8: UTF8State
    /// Each shape's own.
    var shapes: [Int32]
    /// Characters so far, where they are counted by states.
    var count: Int
}

extension ByteAutomaton {
    /// A JSON string whose characters have all the shapes. One spelling for each string, that of Python's `json.dumps`
    /// with `ensure_ascii=False`: escapes for quotes, back-slashes and control characters alone.
    /// - Parameter length: how many characters it may have, told apart by states; where it is nil they are marked as
    ///   counted, for a counter beside the automaton.
    static func jsonString(
        _ shapes: [any StringShape], length: ClosedRange<Int>? = nil, _ budget: inout GrammarBudget
    ) throws(GrammarError) -> ByteAutomaton? {
        typealias State = StringState
        let countMax = length.map { $0.upperBound == .max ? $0.lowerBound : $0.upperBound }

        func taking(_ state: State, _ byte: UInt8, isFirst: Bool) -> State? {
            guard let utf8 = state.utf8.step(byte) else { return nil }
            var next = State(phase: .body, utf8: utf8, shapes: state.shapes, count: state.count)
            for index in shapes.indices {
                guard let shape = shapes[index].step(state.shapes[index], byte) else { return nil }
                next.shapes[index] = shape
            }
            if isFirst, let countMax, let length {
                if state.count == countMax, length.upperBound != .max { return nil }
                next.count = min(state.count + 1, countMax)
            }
            return next
        }
        func moved(_ state: State, _ phase: StringPhase) -> State {
            var next = state
            next.phase = phase
            return next
        }
        func step(_ state: State, _ byte: UInt8) -> ExploredStep<State>? {
            switch (state.phase, byte) {
            case (.opening, UInt8(ascii: "\"")): return ExploredStep(state: moved(state, .body))
            case (.opening, _), (.closed, _): return nil
            case (.body, UInt8(ascii: "\"")) where state.utf8 == .boundary:
                let isShaped = shapes.indices.allSatisfy { shapes[$0].accepts(state.shapes[$0]) }
                guard isShaped, state.count >= length?.lowerBound ?? 0 else { return nil }
                return ExploredStep(state: State(phase: .closed, utf8: .boundary, shapes: [], count: 0))
            case (.body, UInt8(ascii: "\\")) where state.utf8 == .boundary:
                return ExploredStep(state: moved(state, .escape), counts: true)
            case (.body, 0x20...):
                let isFirst = state.utf8 == .boundary
                return taking(state, byte, isFirst: isFirst).map { ExploredStep(state: $0, counts: isFirst) }
            case (.escape, UInt8(ascii: "u")): return ExploredStep(state: moved(state, .u))
            case (.escape, _):
                guard let byte = Self.escapes[byte] else { return nil }
                return taking(state, byte, isFirst: true).map { ExploredStep(state: $0) }
            case (.u, UInt8(ascii: "0")): return ExploredStep(state: moved(state, .u0))
            case (.u0, UInt8(ascii: "0")): return ExploredStep(state: moved(state, .u00))
            case (.u00, UInt8(ascii: "0")): return ExploredStep(state: moved(state, .hex(0)))
            case (.u00, UInt8(ascii: "1")): return ExploredStep(state: moved(state, .hex(16)))
            case (.hex(let high), _):
                guard let low = Self.hexDigits.firstIndex(of: byte) else { return nil }
                let decoded = high + UInt8(low)
                guard !Self.escapes.values.contains(decoded) else { return nil }
                return taking(state, decoded, isFirst: true).map { ExploredStep(state: $0) }
            default: return nil
            }
        }
        return try exploring(
            State(phase: .opening, utf8: .boundary, shapes: shapes.map(\.start), count: 0),
            groups: groups(of: UTF8State.byteSets + punctuation + shapes.flatMap(\.byteSets)), budget: &budget,
            step: step,
            outcome: { $0.phase == .closed ? 0 : nil })
    }

    private static let hexDigits = Array("0123456789abcdef".utf8)

    private static let escapes: [UInt8: UInt8] = [
        UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "\\"): UInt8(ascii: "\\"),
        UInt8(ascii: "b"): 8, UInt8(ascii: "f"): 12, UInt8(ascii: "n"): 10, UInt8(ascii: "r"): 13,
        UInt8(ascii: "t"): 9,
    ]

    /// Bytes that the spelling of strings tells apart.
    private static let punctuation: [Set<UInt8>] = [Set(0x20...0xFF)] + "\"\\bfnrtu0123456789abcdef".utf8.map { [$0] }
}

/// Where within a character of UTF-8 a state is.
enum UTF8State: Hashable {
    case boundary
    /// One, two, three bytes of 80...BF are to come.
    case one, two, three
    /// The next byte is bounded: after E0, ED, F0, F4.
    case e0, ed, f0, f4

    func step(_ byte: UInt8) -> UTF8State? {
        switch (self, byte) {
        case (.boundary, 0...0x7F): .boundary
        case (.boundary, 0xC2...0xDF): .one
        case (.boundary, 0xE0): .e0
        case (.boundary, 0xED): .ed
        case (.boundary, 0xE1...0xEF): .two
        case (.boundary, 0xF0): .f0
        case (.boundary, 0xF4): .f4
        case (.boundary, 0xF1...0xF3): .three
        case (.one, 0x80...0xBF): .boundary
        case (.two, 0x80...0xBF), (.e0, 0xA0...0xBF), (.ed, 0x80...0x9F): .one
        case (.three, 0x80...0xBF), (.f0, 0x90...0xBF), (.f4, 0x80...0x8F): .two
        default: nil
        }
    }

    static let byteSets: [Set<UInt8>] = [
        Set(0...0x7F), Set(0x80...0x8F), Set(0x90...0x9F), Set(0xA0...0xBF), Set(0xC2...0xDF), [0xE0], [0xED],
        Set(0xE1...0xEF), [0xF0], [0xF4], Set(0xF1...0xF3),
    ]
}
