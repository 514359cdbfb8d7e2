import Foundation
import Testing

/// Programs that a clean checkout can start.
struct ScriptTests {
    private static let folder = "\(SourceTree.root)/Scripts"

    private static let scripts: [String] = {
        let names = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".sh") || $0.hasSuffix(".py") }.sorted()
    }()

    private static func isExecutable(_ name: String) -> Bool {
        FileManager.default.isExecutableFile(atPath: "\(folder)/\(name)")
    }

    @Test("a script is executable where it names its interpreter, and nowhere else")
    func interpreters() {
        #expect(Self.scripts.count > 50)
        for name in Self.scripts {
            let begins = FileManager.default.contents(atPath: "\(Self.folder)/\(name)")?.starts(with: Data("#!".utf8))
            let advice = begins == true ? "chmod +x Scripts/\(name)" : "begin Scripts/\(name) with #!, or chmod -x it"
            #expect(Self.isExecutable(name) == (begins == true), "\(advice)")
        }
    }

    @Test("make starts no script that is not executable")
    func started() {
        let started = SourceFile(path: "Makefile").lines.compactMap { line -> String? in
            let command = line.drop { $0 == "\t" || $0 == "@" }
            guard line.hasPrefix("\t"), command.hasPrefix("Scripts/") else { return nil }
            return String(command.dropFirst("Scripts/".count).prefix { $0 != " " })
        }
        #expect(started.count > 30)
        for name in Set(started).sorted() { #expect(Self.isExecutable(name), "chmod +x Scripts/\(name)") }
    }
}
