import Foundation
import Testing

@testable import ProviderConformance

/// Which libraries the programs bring into the process of a provider. Each is one more whose names can meet those of a
/// provider's own libraries, so a new one is a decision. UPDATE_GOLDEN=1 rewrites the lists.
struct NeededLibrariesTests {
    /// Of debug builds alone, and of one architecture alone.
    private static func isOfTheBuild(_ library: String) -> Bool {
        library == "libswiftSwiftOnoneSupport.so" || library.hasPrefix("ld-linux")
    }

    @Test(arguments: ["llama-stack-provider-host", "llama-stack"])
    func `a program needs the libraries of its list and no other`(_ program: String) throws {
        let file = try #require(ElfFile(ConformanceKit.products + "/" + program))
        let needed = file.needed.filter { !Self.isOfTheBuild($0) }.sorted().map { $0 + "\n" }.joined()
        let golden = URL(fileURLWithPath: ProbeLibrary.root + "/Tests/Fixtures/golden/needed/\(program).txt")
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try Data(needed.utf8).write(to: golden) }
        #expect(needed == (try String(contentsOf: golden, encoding: .utf8)))
    }

    @Test func `the process of a provider has nothing of the YAML reader, of HTTP or of C++`() throws {
        let file = try #require(ElfFile(ConformanceKit.products + "/llama-stack-provider-host"))
        for name in ["yaml", "nio", "ssl", "crypto", "stdc++", "libz", "FoundationNetworking", "FoundationXML"] {
            #expect(file.needed.filter { $0.lowercased().contains(name.lowercased()) } == [])
        }
    }
}
