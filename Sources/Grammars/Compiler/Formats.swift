import RegularExpressions

/// The formats that a grammar keeps to; others are annotations, as for a validator.
enum Formats {
    static func pattern(_ name: String) -> Pattern? { patterns[name] }

    private static let date =
        #"\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"#
    private static let time =
        #"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?(Z|[+-]([01]\d|2[0-3]):[0-5]\d)"#
    private static let label = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    private static let byte = #"(25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"#

    private static let sources = [
        "date": date,
        "time": time,
        "date-time": "\(date)T\(time)",
        "email":
            #"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@[A-Za-z0-9]+(-[A-Za-z0-9]+)*(\.[A-Za-z0-9]+(-[A-Za-z0-9]+)*)+"#,
        "hostname": #"\#(label)(\.\#(label))*"#,
        "ipv4": #"\#(byte)(\.\#(byte)){3}"#,
        "ipv6": "([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}",
        "uuid": "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "uri": #"[a-z][a-z0-9+.-]*://([A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-F]{2})+"#,
    ]

    private static let patterns: [String: Pattern] = sources.compactMapValues { source in
        do { return try Pattern("^(\(source))$") } catch {
            preconditionFailure("the pattern of a format: \(error)")
        }
    }
}
