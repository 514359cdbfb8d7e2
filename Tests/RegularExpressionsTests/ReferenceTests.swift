import Foundation
import RegularExpressions
import Testing

/// Random patterns and texts, beside the plainest matcher that there can be. `make fuzz-schemas` makes more of them.
@Suite(.timeLimit(.minutes(60)))
struct ReferenceTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["LLAMA_STACK_SCHEMAS"].flatMap { Int($0) } ?? 500
    private static let seed = environment["LLAMA_STACK_SEED"].flatMap { UInt64($0) } ?? 1

    @Test("random patterns are found where a plain matcher finds them, at the same places")
    func random() throws {
        var random = SplitMix64(state: Self.seed)
        var found = 0
        for _ in 0..<Self.count {
            let tree = Tree(&random, depth: 4)
            let pattern = try Pattern(tree.text)
            // Memory for few states, so that they are forgotten in between, too.
            var matcher = Matcher(pattern, bytesMax: random.next(2) == 0 ? 2_000 : 1 << 20)
            for _ in 0..<8 {
                let text = String((0..<random.next(10)).map { _ in Array("aab-é_")[random.next(6)] })
                let scalars = Array(text.unicodeScalars)
                let ends = (0...scalars.count).map { tree.ends(in: scalars, from: $0) }
                let isFound = ends.contains { !$0.isEmpty }
                #expect(matcher.isFound(in: text) == isFound, "\(tree.text) in '\(text)'")
                #expect(matcher.matchesWhole(text) == ends[0].contains(scalars.count), "\(tree.text) is '\(text)'")
                var wanted: [String] = []
                var start = 0
                while start < scalars.count {
                    let end = ends[start].max() ?? start
                    if end > start { wanted.append(String(String.UnicodeScalarView(scalars[start..<end]))) }
                    start = max(end, start + 1)
                }
                #expect(matcher.matches(in: text).map { String(text[$0]) } == wanted, "\(tree.text) in '\(text)'")
                if let most = pattern.longestMatchBytes { #expect(wanted.allSatisfy { $0.utf8.count <= most }) }
                if isFound { found += 1 }
            }
        }
        print("seed \(Self.seed): \(Self.count) patterns in 8 texts each, found in \(found)")
    }
}

struct SplitMix64 {
    var state: UInt64

    mutating func next(_ bound: Int) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((value ^ (value >> 31)) % UInt64(bound))
    }
}

/// A pattern that knows its text and, by trying all there is, where its matches end.
private indirect enum Tree {
    case scalars(String, Set<Unicode.Scalar>)
    case sequence([Tree])
    case alternatives([Tree])
    case repetition(Tree, Int, Int?)
    case assertion(String)

    private static let classes: [(String, Set<Unicode.Scalar>)] = [
        ("a", ["a"]), ("b", ["b"]), ("é", ["é"]), ("-", ["-"]), (".", ["a", "b", "-", "é", "_"]), ("[ab]", ["a", "b"]),
        ("[^a]", ["b", "-", "é", "_"]), (#"\w"#, ["a", "b", "_"]), (#"\W"#, ["-", "é"]), (#"[\W_]"#, ["-", "é", "_"]),
        (#"\u00e9"#, ["é"]), (#"\p{L}"#, ["a", "b", "é"]), ("[]", []),
    ]

    init(_ random: inout SplitMix64, depth: Int) {
        switch depth == 0 ? 9 : random.next(12) {
        case 0...2: self = .sequence((0..<random.next(4)).map { _ in Tree(&random, depth: depth - 1) })
        case 3...4: self = .alternatives((0...random.next(3)).map { _ in Tree(&random, depth: depth - 1) })
        case 5...7:
            let least = random.next(3)
            self = .repetition(
                Tree(&random, depth: depth - 1), least, random.next(2) == 0 ? nil : least + random.next(3))
        case 8: self = .assertion(["^", "$", #"\b"#, #"\B"#][random.next(4)])
        default:
            let one = Self.classes[random.next(Self.classes.count - (random.next(8) == 0 ? 0 : 1))]
            self = .scalars(one.0, one.1)
        }
    }

    var text: String {
        switch self {
        case .scalars(let text, _), .assertion(let text): return text
        case .sequence(let parts): return parts.map { "(?:\($0.text))" }.joined()
        case .alternatives(let choices): return choices.map(\.text).joined(separator: "|")
        case .repetition(let part, let least, let most):
            if least == 0, most == nil { return "(?:\(part.text))*" }
            return "(\(part.text)){\(least),\(most.map(String.init) ?? "")}"
        }
    }

    func ends(in text: [Unicode.Scalar], from start: Int) -> Set<Int> {
        switch self {
        case .scalars(_, let set): return start < text.count && set.contains(text[start]) ? [start + 1] : []
        case .assertion(let kind):
            func isWord(_ index: Int) -> Bool {
                text.indices.contains(index) && "ab_".unicodeScalars.contains(text[index])
            }
            let isBoundary = isWord(start - 1) != isWord(start)
            let holds = ["^": start == 0, "$": start == text.count, #"\b"#: isBoundary, #"\B"#: !isBoundary][kind]
            return holds == true ? [start] : []
        case .sequence(let parts):
            return parts.reduce([start]) { ends, part in Set(ends.flatMap { part.ends(in: text, from: $0) }) }
        case .alternatives(let choices): return Set(choices.flatMap { $0.ends(in: text, from: start) })
        case .repetition(let part, let least, let most):
            var ends: Set = [start]
            for _ in 0..<least { ends = Set(ends.flatMap { part.ends(in: text, from: $0) }) }
            var all = ends
            for _ in 0..<(most.map { $0 - least } ?? text.count + 1) {
                ends = Set(ends.flatMap { part.ends(in: text, from: $0) })
                all.formUnion(ends)
            }
            return all
        }
    }
}
