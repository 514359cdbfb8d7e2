import Testing

/// Files that can be read on one screen after another.
struct SizeTests {
    static let columnsMax = 120
    static let linesMax = 400

    @Test("no line is longer than 120 columns")
    func columns() throws {
        let violations = SourceTree.shared.code.flatMap { file in
            file.lines.enumerated().filter { $0.element.utf8.count > Self.columnsMax && $0.element.count > Self.columnsMax }
                .map { (place: "\(file.path):\($0.offset + 1)", message: "\($0.element.count) columns; wrap it") }
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
