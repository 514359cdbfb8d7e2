import Testing

@testable import ToolsPython

struct CageTests {
    @Test func `what code prints comes back, and nothing of the cage is left`() async throws {
        let outcome = try await Cages.run("import sys\nprint(1)\nprint('two', file=sys.stderr)")
        #expect(outcome.end == .exited(0))
        #expect(outcome.outputText == "1\n" && outcome.errorText == "two\n")
    }
}
