import Foundation
import Testing
import Torture

extension EndToEnd {
    /// Every fault that a provider can have, inside the server and beside it.
    @Suite struct FaultPageTests {
        /// The server ends with the provider inside it, and these leave no line that says whose code it was.
        private static let unnamed = ["stack overflow", "stop the process"]

        @Test(
            "a server stands every fault of a provider in a process of its own, and what each does is as the page says")
        func page() async throws {
            try Setting.requireBinary()
            let folder = try TemporaryFolder()
            let rounds = FaultRounds(executable: Setting.binary, library: try BrokenProvider.faults(in: folder))
            let outcomes = try await rounds.run()
            #expect(outcomes.count == 2 * FaultTable.faults.count)
            for outcome in outcomes {
                let what = Comment(rawValue: "\(outcome.fault), \(outcome.isolation): \(outcome.text)")
                #expect(outcome.wrong == [], what)
                #expect(outcome.staysUp || outcome.isolation == "inline", what)
                #expect(outcome.stop == nil || outcome.isolation == "inline", what)
                #expect(
                    outcome.staysUp || outcome.endLine != nil || Self.unnamed.contains(outcome.fault), what)
            }
            try Fixture.expectGolden(FaultPage.text(outcomes), "../../../Documentation/Faults.md")
        }
    }
}
