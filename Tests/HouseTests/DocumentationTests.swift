import Testing

/// `public` is a promise to authors of providers: each is documented where it is declared.
struct DocumentationTests {
    @Test("at least 95 of 100 public declarations have a doc comment", arguments: ["ProviderKit", "LlamaStackAPI"])
    func publics(target: String) {
        var documented = 0
        var missing: [String] = []
        for file in SourceTree.shared.files(below: "Sources/\(target)/", "swift") {
            for (index, line) in file.lines.enumerated() where Self.isPublic(line) {
                if Self.hasComment(file.lines, index) {
                    documented += 1
                } else {
                    missing.append("\(file.path):\(index + 1): \(line.trimmingPrefix { $0 == " " })")
                }
            }
        }
        let share = Double(documented) / Double(max(1, documented + missing.count))
        print("\(target): \(documented) of \(documented + missing.count) public declarations are documented")
        #expect(share >= 0.95, "undocumented, among others:\n\(missing.prefix(20).joined(separator: "\n"))")
    }

    private static func isPublic(_ line: Substring) -> Bool {
        let words = line.split(separator: " ")
        guard let index = words.firstIndex(of: "public"), index < 3, index + 1 < words.count else { return false }
        return words[index + 1] != "extension" && !line.contains("//")
    }

    /// Directly above, with attributes in between.
    private static func hasComment(_ lines: [Substring], _ index: Int) -> Bool {
        let above = lines[..<index].last { !$0.trimmingPrefix { $0 == " " }.hasPrefix("@") }
        return above?.trimmingPrefix { $0 == " " }.hasPrefix("///") == true
    }
}
