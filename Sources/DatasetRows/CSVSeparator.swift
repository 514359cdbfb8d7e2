/// A character that separates fields in place of the comma, as a header shows it.
struct CSVSeparator {
    private let name: String
    private let delimiter: String

    /// nil for a header whose fields are separated by commas.
    init?(header: [String]) {
        let text = header.joined(separator: ",")
        // Excel's own first line, which says what separates.
        if header.count == 1, text.hasPrefix("sep="), let mark = text.dropFirst(4).first, mark != "," {
            (name, delimiter) = ("'\(mark)'", mark == "\t" ? "\\t" : String(mark))
            return
        }
        // More of them than of commas.
        let marks: [(mark: Character, name: String, delimiter: String)] = [
            (";", "';'", ";"), ("\t", "tabs", "\\t"), ("|", "'|'", "|"),
        ]
        let found = marks.first { row in text.count { $0 == row.mark } >= header.count }
        guard let found else { return nil }
        (name, delimiter) = (found.name, found.delimiter)
    }

    var refusal: String {
        "is separated by \(name), and CSV here by commas: python3 -c 'import csv, sys; "
            + "csv.writer(sys.stdout).writerows(csv.reader(sys.stdin, delimiter=\"\(delimiter)\"))' < FILE > FILE.csv"
    }
}
