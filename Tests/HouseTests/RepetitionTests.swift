import Testing

/// What two providers share belongs into a target below both.
struct RepetitionTests {
    static let runMin = 10

    @Test("no ten lines stand in two providers")
    func providers() throws {
        var places: [[Substring]: (target: String, place: String)] = [:]
        var violations: [(place: String, message: String)] = []
        for file in SourceTree.shared.files(below: "Plugins/", "swift") {
            let lines = file.lines.enumerated().map { (number: $0.offset + 1, text: Self.trimmed($0.element)) }
                .filter { $0.text.count > 1 }
            var last = 0
            for start in lines.indices.dropLast(Self.runMin - 1) {
                let run = lines[start..<start + Self.runMin].map(\.text)
                guard let other = places[run] else {
                    places[run] = (file.target, "\(file.path):\(lines[start].number)")
                    continue
                }
                // A run of twelve is three runs of ten.
                guard other.target != file.target, start >= last else { continue }
                last = start + Self.runMin
                violations.append(
                    ("\(file.path):\(lines[start].number)", "as \(other.place); move it into a target that both import")
                )
            }
        }
        try Exceptions("repetition").judge(violations)
    }

    private static func trimmed(_ line: Substring) -> Substring {
        var line = line.drop { $0 == " " }
        while line.last == " " { line.removeLast() }
        return line
    }
}
