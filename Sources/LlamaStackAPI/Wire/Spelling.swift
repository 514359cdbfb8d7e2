/// Close misses of names: what an error suggests.
public enum Spelling {
    /// The candidate that was probably meant by `word`: the same word in another case, the one that differs by the
    /// fewest edits when that is close enough to be a slip, the same words in another order, or one that is longer or
    /// shorter by a part: `type` for `provider_type`, `alias` for `aliases`. nil when none is close.
    public static func closest(to word: String, in candidates: some Sequence<String>) -> String? {
        let names = Array(candidates)
        let plain = normal(word)
        guard !plain.isEmpty, plain.utf8.count <= 256 else { return nil }
        if let same = names.first(where: { normal($0) == plain }) { return same }
        let edits = names.map { (name: $0, distance: distance(plain, normal($0))) }
        if let best = edits.min(by: { $0.distance < $1.distance }),
            best.distance <= max(1, min(3, plain.count / 3)), best.distance < plain.count
        {
            return best.name
        }
        let parts = parts(plain)
        if parts.count > 1, let turned = names.first(where: { self.parts(normal($0)).sorted() == parts.sorted() }) {
            return turned
        }
        return names.filter { isPart(plain, normal($0)) || isPart(normal($0), plain) }
            .min { abs($0.count - word.count) < abs($1.count - word.count) }
    }

    /// `maxTokens`, `max-tokens` and `MAX_TOKENS` are `max_tokens`.
    private static func normal(_ word: String) -> String {
        var out = ""
        var afterSmall = false
        for character in word {
            if character == "-" || character == " " {
                out.append("_")
            } else {
                if afterSmall, character.isUppercase { out.append("_") }
                out += character.lowercased()
            }
            afterSmall = character.isLowercase || character.isNumber
        }
        return out
    }

    private static func parts(_ word: String) -> [Substring] { word.split(separator: "_") }

    /// Whether `short` begins or ends `long`: whole parts of it, or enough letters to be no accident.
    private static func isPart(_ short: String, _ long: String) -> Bool {
        guard short.count >= 2, short.count < long.count else { return false }
        if long.hasPrefix(short + "_") || long.hasSuffix("_" + short) { return true }
        let rest = long.count - short.count
        if long.hasPrefix(short) { return short.count >= 6 || short.count >= 3 && rest <= short.count + 1 }
        return long.hasSuffix(short) && short.count >= 4 && rest <= short.count
    }

    /// Damerau's distance, in which two letters in each other's place are one edit (optimal string alignment), with a
    /// cut: words over 64 characters are never close.
    static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.unicodeScalars.prefix(65)), b = Array(b.unicodeScalars.prefix(65))
        guard a.count <= 64, b.count <= 64 else { return Int.max }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, beforeLast[j - 1] + 1) }
                row.append(least)
            }
            (beforeLast, last) = (last, row)
        }
        return last[b.count]
    }
}
