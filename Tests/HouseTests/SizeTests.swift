import Testing

/// Files that can be read on one screen after another.
struct SizeTests {
    static let columnsMax = 120
    static let linesMax = 400

    /// A text in quotes may be longer: a reader searches for it as it is shown.
    @Test("no line of Swift is longer than 120 columns")
    func columns() throws {
        var violations: [(place: String, message: String)] = []
        for file in SourceTree.shared.code where file.path.hasSuffix(".swift") {
            var isText = false
            for (index, line) in file.lines.enumerated() {
                if line.contains("\"\"\"") { isText.toggle() }
                guard !isText, !line.contains("\""), line.utf8.count > Self.columnsMax, line.count > Self.columnsMax
                else { continue }
                violations.append(("\(file.path):\(index + 1)", "\(line.count) columns; wrap it"))
            }
        }
        try Exceptions("columns").judge(violations)
    }

    @Test("no file is longer than 400 lines")
    func lines() throws {
        let violations = SourceTree.shared.code.filter { $0.lines.count > Self.linesMax + 1 }.map {
            (place: $0.path, message: "\($0.lines.count - 1) lines; move its second job into a file of its own")
        }
        try Exceptions("lines").judge(violations)
    }
}
