import ProviderKit
import RegularExpressions
import SensitivePatterns

/// Finds what a shield looks for in texts. A value that remembers what its automata have learnt: keep it.
struct Scanner: Sendable {
    /// A piece of a text, in bytes.
    struct Finding: Equatable {
        var range: Range<Int>
        /// nil for a pattern of the settings.
        var kind: SensitiveKind?
    }

    private var finder: SensitiveFinder
    private var matchers: [Matcher]
    /// The bytes of a text that must be seen at once; nil where a pattern has no longest match.
    let holdBytes: Int?

    /// Memory that the automaton of a pattern may take; beyond it, it goes on slower.
    private static let automatonBytesMax = 64 << 10

    /// A pattern that is not taken.
    struct BadPattern: Error {
        var index: Int
        var message: String
    }

    init(_ settings: PatternSettings) throws(BadPattern) {
        finder = SensitiveFinder(settings.kindsFound)
        matchers = []
        // A request may add any kind.
        var holdBytes: Int? = SensitiveFinder(SensitiveKind.allCases).holdBytes
        for (index, source) in settings.patterns.enumerated() {
            do throws(PatternError) {
                let pattern = try Pattern(source)
                matchers.append(Matcher(pattern, bytesMax: Self.automatonBytesMax))
                holdBytes = holdBytes.flatMap { hold in pattern.longestMatchBytes.map { max(hold, $0) } }
            } catch {
                throw BadPattern(index: index, message: "is not taken: \(error)")
            }
        }
        self.holdBytes = holdBytes
    }

    /// From left to right, none within another.
    mutating func findings(in text: String) -> [Finding] {
        let bytes = Array(text.utf8)
        var found = finder.findings(in: bytes).map { Finding(range: $0.range, kind: $0.kind) }
        for index in matchers.indices {
            found += matchers[index].matches(in: bytes).map { Finding(range: $0, kind: nil) }
        }
        found.sort { ($0.range.lowerBound, -$0.range.count) < ($1.range.lowerBound, -$1.range.count) }
        var apart: [Finding] = []
        for finding in found {
            if let last = apart.last, last.range.upperBound > finding.range.lowerBound {
                apart[apart.count - 1].range =
                    last.range
                    .lowerBound..<max(
                        last.range.upperBound, finding.range.upperBound)
            } else {
                apart.append(finding)
            }
        }
        return apart
    }
}
