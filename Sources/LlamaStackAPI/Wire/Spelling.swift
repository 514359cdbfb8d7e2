/// Close misses of names: what an error suggests.
public enum Spelling {
    /// The candidate that differs from `word` by the fewest edits, when that is close enough to be a slip.
    public static func closest(to word: String, in candidates: some Sequence<String>) -> String? {
        let edits = candidates.map { (name: $0, distance: distance(word, $0)) }
        guard let best = edits.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, min(3, word.count / 3)) ? best.name : nil
    }

    /// Levenshtein distance, with a cut: words over 64 characters are never close.
    static func distance(_ a: String, _ b: String) -> Int {
        let a = Array(a.unicodeScalars.prefix(65)), b = Array(b.unicodeScalars.prefix(65))
        guard a.count <= 64, b.count <= 64 else { return Int.max }
        var row = Array(0...b.count)
        for (i, x) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, y) in b.enumerated() {
                let next = min(row[j + 1] + 1, row[j] + 1, diagonal + (x == y ? 0 : 1))
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
