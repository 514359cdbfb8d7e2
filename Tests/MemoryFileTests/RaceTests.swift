import BankFixtures
import Foundation
import ProviderKit
import Testing
import Torture

/// Many who read and write the same documents at the same time.
@Suite(.timeLimit(.minutes(10)))
struct RaceTests {
    @Test("what 16 workers saw of four documents has an order that explains it")
    func linearizable() async throws {
        try await withServer { server, _ in
            let (contradictions, steps) = try await Race(stepsEach: 150, seed: 20_261_127).run(server)
            #expect(contradictions == [])
            #expect(steps > 1000)
        }
    }

    private func contradictions(_ steps: [History.Step]) -> [String] {
        var history = History()
        for step in steps { history.add(step) }
        return history.contradictions
    }

    @Test("a stale read, a lost update, a read of the future and a version that was never written have no explanation")
    func canFail() {
        let write = { (version: Int, start: Double) in History.Step(version, isWrite: true, start, start + 1) }
        let read = { (version: Int, start: Double) in History.Step(version, isWrite: false, start, start + 1) }
        #expect(contradictions([write(1, 0), write(2, 2), read(2, 4), read(2, 6)]) == [])
        // At the same time: either order.
        #expect(contradictions([write(1, 0), write(2, 0.5), read(1, 4)]) == [])
        #expect(contradictions([write(1, 0), write(2, 2), read(1, 4)]).count == 1)
        #expect(contradictions([write(1, 0), write(2, 0.5), read(1, 4), read(2, 6), read(1, 8)]).count == 1)
        #expect(contradictions([read(1, 0), write(1, 2)]).count == 1)
        #expect(contradictions([read(7, 0)]).count == 1)
    }
}
