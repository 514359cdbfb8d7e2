import Foundation

/// Makes rows of a PDF's tables rows of its text.
///
/// In reading order poppler writes a table cell by cell, or column by column; laid out, it writes two columns of
/// running text line beside line. So a page is taken as it is laid out when it has many short lines in reading order
/// and rows of short cells in the layout; every other page stays in reading order.
enum PDFRows {
    /// Whether some page may hold a table: only then is the layout worth another run of the tool.
    static func mayHoldTables(_ text: String) -> Bool { pages(text).contains(where: isScattered) }

    /// - Parameter text: in reading order.
    /// - Parameter layout: the same pages, laid out.
    static func merge(_ text: String, _ layout: String) -> String {
        let (read, laidOut) = (pages(text), pages(layout))
        guard read.count == laidOut.count else { return text }
        return zip(read, laidOut).map { isScattered($0) && isTable($1) ? rows(of: $1) : String($0) }
            .joined(separator: "\u{C}")
    }

    private static func pages(_ text: String) -> [Substring] {
        text.split(separator: "\u{C}", omittingEmptySubsequences: false)
    }

    private static func lines(_ page: Substring) -> [Substring] { page.split(separator: "\n") }

    private static func wordCount(_ text: some StringProtocol) -> Int { text.split(separator: " ").count }

    /// A third of its lines are as short as a cell.
    private static func isScattered(_ page: Substring) -> Bool {
        let lines = lines(page)
        let short = lines.count { wordCount($0) <= cellWordsMax }
        return short >= 6 && short * 3 >= lines.count
    }

    /// At least three rows, and few that are the lines of two columns of running text.
    private static func isTable(_ page: Substring) -> Bool {
        let rows = lines(page).map(cells).filter { $0.count > 1 }
        let running = rows.count { row in row.count { wordCount($0) > cellWordsMax } > 1 }
        return rows.count >= 3 && running * 4 <= rows.count
    }

    private static let cellWordsMax = 3

    private static func rows(of page: Substring) -> String {
        lines(page).map { cells($0).joined(separator: "\t") }.joined(separator: "\n")
    }

    /// The parts between two spaces or more.
    private static func cells(_ line: Substring) -> [String] {
        var cells: [String] = []
        var spaces = 2
        for character in line {
            guard character != " " else {
                spaces += 1
                continue
            }
            if spaces >= 2 {
                cells.append("")
            } else if spaces == 1 {
                cells[cells.count - 1].append(" ")
            }
            cells[cells.count - 1].append(character)
            spaces = 0
        }
        return cells
    }
}
