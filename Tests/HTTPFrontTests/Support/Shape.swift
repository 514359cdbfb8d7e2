import LlamaStackAPI

/// Values whose structure is damaged at random.
enum Shape {
    private static let values = [
        "null", "true", "-1", "0", "1e308", "-1e308", "1e400", "9223372036854775807", "9223372036854775808",
        "-9223372036854775809",
        "0.1", "1.0", "-0", "1E+2", #""""#, #"" ""#, #""\u0000""#, #""\ud800""#, #""\ud83d\ude00""#,
        #""../../etc/passwd""#,
        #""javascript:alert(1)""#, #""data:,""#, #""file:///etc/passwd""#, #""%s%n""#, #""'; drop table""#, #""==""#,
        #""2024-13-45T99:99:99Z""#,
        "[]", "{}", "[[]]", #"{"":""}"#, #"{"__proto__":{}}"#, "[null]",
        #""\#(String(repeating: "long", count: 500))""#,
        String(repeating: "[", count: 70) + String(repeating: "]", count: 70), "NaN", "undefined", "", ",",
    ]

    /// The value as text; each part is, with this chance, something else, there twice, under another name, or not
    /// there.
    static func text(of json: JSON, damageAt chance: Double, _ random: inout SplitMix) -> String {
        if hits(chance, &random) { return values.randomElement(using: &random) ?? "null" }
        switch json {
        case .array(let items):
            var texts = items.map { text(of: $0, damageAt: chance, &random) }
            if let first = texts.first, hits(chance, &random) {
                // Arrays are inside arrays.
                let times = min(Int.random(in: 1...200, using: &random), 50_000 / max(1, first.utf8.count))
                texts += [String](repeating: first, count: times)
            }
            return "[" + texts.joined(separator: ",") + "]"
        case .object(let object):
            var members: [String] = []
            for member in object.members where !hits(chance / 2, &random) {
                let key = hits(chance / 2, &random) ? member.key + "s" : member.key
                members.append(JSON.string(key).text + ":" + text(of: member.value, damageAt: chance, &random))
                if hits(chance / 4, &random), let last = members.last { members.append(last) }
            }
            return "{" + members.joined(separator: ",") + "}"
        default: return json.text
        }
    }

    private static func hits(_ chance: Double, _ random: inout SplitMix) -> Bool {
        Double.random(in: 0..<1, using: &random) < chance
    }
}
