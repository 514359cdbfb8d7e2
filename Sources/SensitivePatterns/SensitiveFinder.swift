import RegularExpressions

/// The kinds of sensitive text, by the words of a configuration.
package enum SensitiveKind: String, Sendable, CaseIterable {
    case email
    case phone
    /// Numbers of payment cards: length and prefix of an issuer, and the check digit.
    case card
    /// International bank account numbers: the length of the country, and the check digits.
    case iban
    /// IPv4 and IPv6.
    case ip
    /// Keys of services that begin with a prefix of their own.
    case key
}

/// A sensitive text at its place.
package struct SensitiveFinding: Sendable, Equatable {
    package let kind: SensitiveKind
    /// In bytes of the text.
    package let range: Range<Int>
}

/// Finds sensitive text, in a whole text or in one that is still coming.
///
/// Texts may be given from some way in, as long as the character before what is new is among them: it says whether a
/// number goes on. They end with a whole character.
package struct SensitiveFinder: Sendable {
    private let rules: [SensitiveRule]
    /// One for each rule. They are moved in place: a copy of one takes longer than most of its steps.
    private var matchers: [Matcher]

    package init(_ kinds: some Sequence<SensitiveKind>) {
        let kinds = Set(kinds)
        rules = SensitiveRule.all.filter { kinds.contains($0.kind) }
        matchers = rules.map { Matcher($0.pattern) }
    }

    /// The bytes that are held back at most: a longest match, and the byte behind it.
    package var holdBytes: Int { (rules.map(\.bytesMax).max() ?? 0) + 1 }

    /// From left to right, apart from each other: of two that overlap, the one that begins first, and then the longer.
    package mutating func findings(in text: [UInt8]) -> [SensitiveFinding] {
        var found: [SensitiveFinding] = []
        for (index, rule) in rules.enumerated() {
            let firsts = matchers[index].firsts
            var start = 0
            while start < text.count {
                guard firsts[Int(text[start])], rule.mayBegin(text, start),
                    let end = end(of: rule, index, in: text, from: start)
                else {
                    start += 1
                    continue
                }
                found.append(SensitiveFinding(kind: rule.kind, range: start..<end))
                start = end
            }
        }
        found.sort {
            $0.range.lowerBound != $1.range.lowerBound
                ? $0.range.lowerBound < $1.range.lowerBound : $0.range.upperBound > $1.range.upperBound
        }
        var apart: [SensitiveFinding] = []
        for finding in found where finding.range.lowerBound >= apart.last?.range.upperBound ?? 0 {
            apart.append(finding)
        }
        return apart
    }

    /// For a text that is still coming: the findings that stay whatever follows, and the first byte that may be part of
    /// another. What is before that can be written.
    package mutating func scan(_ text: [UInt8]) -> (findings: [SensitiveFinding], openStart: Int) {
        let findings = findings(in: text)
        for start in max(0, text.count - holdBytes)..<text.count where isOpen(text, start) {
            // What begins in a finding is none.
            if findings.contains(where: { $0.range.lowerBound < start && start < $0.range.upperBound }) { continue }
            return (findings.filter { $0.range.upperBound <= start }, start)
        }
        return (findings, text.count)
    }

    /// Whether a match that begins there may still come, or grow.
    private mutating func isOpen(_ text: [UInt8], _ start: Int) -> Bool {
        for (index, rule) in rules.enumerated() where rule.mayBegin(text, start) {
            guard text.count - start <= rule.bytesMax else { continue }
            if matchers[index].mayMatch(text, from: start) { return true }
        }
        return false
    }

    private mutating func end(of rule: SensitiveRule, _ index: Int, in text: [UInt8], from start: Int) -> Int? {
        matchers[index].matchEnds(in: text, from: start).last { end in
            end - start <= rule.bytesMax && rule.mayEnd(text, end) && rule.accepts(text[start..<end])
        }
    }
}
