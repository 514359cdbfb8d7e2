/// A number of bytes as people write it: "2GiB", "1500MB", "4096B". Strict: digits and a unit, nothing between.
package enum ByteSize {
    package struct Problem: Error, CustomStringConvertible, Equatable { package var description: String }

    private static let units: [(name: String, bytes: Int)] = [
        ("B", 1), ("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40),
        ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000), ("TB", 1_000_000_000_000),
    ]

    package static func parse(_ text: String) throws(Problem) -> Int {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit = text.dropFirst(digits.count)
        guard !digits.isEmpty, digits == "0" || !digits.hasPrefix("0") else {
            throw Problem(description: "wanted a whole number and a unit, such as 512MiB or 2GiB")
        }
        guard let row = units.first(where: { $0.name == unit }) else {
            let close = units.first { $0.name.lowercased() == unit.lowercased() && !unit.isEmpty }
            let hint = close.map { " (did you mean '\(digits)\($0.name)'?)" } ?? ""
            let had = unit.isEmpty ? "has no unit" : "has an unknown unit"
            throw Problem(description: "\(had)\(hint): wanted one of \(units.map(\.name).joined(separator: ", "))")
        }
        guard let count = Int(digits), case let (bytes, overflow) = count.multipliedReportingOverflow(by: row.bytes),
            !overflow
        else { throw Problem(description: "is more than a number of bytes can be") }
        return bytes
    }

    /// In the largest binary unit of which it is a whole number: "2 GiB".
    package static func text(_ bytes: Int) -> String {
        for (name, unit) in units[0...4].reversed() where bytes >= unit && bytes % unit == 0 {
            return "\(bytes / unit) \(name)"
        }
        return "\(bytes) B"
    }
}
