/// A character that separates fields in place of the comma, as the first line shows it.
struct CSVSeparator {
    let refusal: String

    /// nil where commas separate.
    /// - Parameter start: the first bytes, of which the first line counts.
    init?(start: some Sequence<UInt8>) {
        let line = start.prefix { $0 != 0x0A && $0 != 0x0D }
        let text = String(decoding: line, as: UTF8.self)
        // Excel's own first line, which says what separates.
        if text.hasPrefix("sep="), text.count == 5, let mark = text.last, mark != "," {
            self.init(mark)
            return
        }
        var counts: [UInt8: Int] = [:]
        var isQuoted = false
        for byte in line {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if !isQuoted { counts[byte, default: 0] += 1 }
        }
        // More of them than of commas.
        let found = [";", "\t", "|", "^", "~", "\u{1}"].first { (mark: Character) in
            counts[mark.asciiValue ?? 0, default: 0] > counts[UInt8(ascii: ","), default: 0]
        }
        guard let found else { return nil }
        self.init(found)
    }

    init(_ mark: Character) {
        let (name, delimiter) =
            switch mark {
            case "\t": ("tabs", "\\t")
            // As Hive writes its tables.
            case "\u{1}": ("U+0001", "\\x01")
            default: ("'\(mark)'", String(mark))
            }
        refusal =
            "is separated by \(name), and CSV here by commas: python3 -c 'import csv, sys; "
            + "csv.writer(sys.stdout).writerows(csv.reader(sys.stdin, delimiter=\"\(delimiter)\"))' < FILE > FILE.csv"
    }
}
