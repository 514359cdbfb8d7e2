import LlamaStackAPI

/// The history of one document, as concurrent writers and readers saw it: is there an order of all steps, one after the
/// other, that explains it (linearizability)?
///
/// Every write has a version of its own, so the answer is quick (Gibbons and Korach 1997): the steps of each version
/// make a zone from the first end of one of them to the last start. A zone that goes forward is a time in which the
/// document must have been of that version: no other may overlap with it or lie within.
package struct History: Sendable {
    package struct Step: Sendable {
        package var version: Int
        package var isWrite: Bool
        package var start: Double
        package var end: Double

        package init(_ version: Int, isWrite: Bool, _ start: Double, _ end: Double) {
            (self.version, self.isWrite, self.start, self.end) = (version, isWrite, start, end)
        }
    }

    private struct Zone {
        var version: Int
        var firstEnd: Double
        var lastStart: Double
        var isForward: Bool { firstEnd < lastStart }
        var range: ClosedRange<Double> { min(firstEnd, lastStart)...max(firstEnd, lastStart) }
    }

    private var steps: [Step] = []

    package init() {}

    package mutating func add(_ step: Step) { steps.append(step) }

    /// The steps without an explanation; empty when there is an order.
    package var contradictions: [String] {
        var found: [String] = []
        var zones: [Zone] = []
        for (version, some) in Dictionary(grouping: steps, by: \.version) {
            guard let write = some.first(where: \.isWrite) else {
                found.append("version \(version) was read, and no writer wrote it")
                continue
            }
            for read in some where !read.isWrite && read.end < write.start {
                found.append("version \(version) was read before it was written")
            }
            zones.append(
                Zone(
                    version: version, firstEnd: some.map(\.end).min() ?? 0, lastStart: some.map(\.start).max() ?? 0))
        }
        zones.sort { $0.range.lowerBound < $1.range.lowerBound }
        for zone in zones where zone.isForward {
            for other in zones where other.version != zone.version {
                let overlaps = other.isForward && other.range.overlaps(zone.range) && other.version < zone.version
                let isWithin =
                    !other.isForward && zone.range.lowerBound < other.range.lowerBound
                    && other.range.upperBound < zone.range.upperBound
                if overlaps || isWithin {
                    found.append(
                        "versions \(zone.version) and \(other.version) were seen one after the other, and again")
                }
            }
        }
        return found
    }
}

/// Workers who read, update, delete and insert the same few documents at the same time.
package struct Race: Sendable {
    package static let bank = "race"

    package var workers: Int
    package var documents: Int
    package var stepsEach: Int
    package var seed: UInt64

    package init(workers: Int = 16, documents: Int = 4, stepsEach: Int, seed: UInt64) {
        (self.workers, self.documents, self.stepsEach, self.seed) = (workers, documents, stepsEach, seed)
    }

    /// The steps without an explanation, and the number of steps.
    package func run(_ server: BankServer) async throws -> (contradictions: [String], steps: Int) {
        try await server.create(Self.bank)
        let origin = ContinuousClock.now
        let steps = try await withThrowingTaskGroup(of: [(Int, History.Step)].self) { group in
            for worker in 0..<workers { group.addTask { try await work(worker, server, since: origin) } }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        var histories = [History](repeating: History(), count: documents)
        for (document, step) in steps { histories[document].add(step) }
        let contradictions = histories.enumerated().flatMap { number, history in
            history.contradictions.map { "document \(number): \($0)" }
        }
        return (contradictions, steps.count)
    }

    private func work(
        _ worker: Int, _ server: BankServer, since origin: ContinuousClock.Instant
    ) async throws -> [(Int, History.Step)] {
        func now() -> Double { (ContinuousClock.now - origin) / .seconds(1) }
        var random = SplitMix(seed: seed &+ UInt64(worker))
        var steps: [(Int, History.Step)] = []
        for number in 0..<stepsEach {
            let document = Int(random.next() % UInt64(documents))
            let version = number * workers + worker
            let start = now()
            let seen = try await step(server, "\(document)", version, random.next() % 8)
            guard let seen else { continue }
            steps.append((document, History.Step(seen, isWrite: seen == version, start, now())))
        }
        return steps
    }

    /// The version that was read or written; nil when there was no document, or there was one already.
    private func step(_ server: BankServer, _ id: String, _ version: Int, _ choice: UInt64) async throws -> Int? {
        do {
            switch choice {
            case 0: try await server.insert([Workload.document(id, version: version, bytes: 50)], Self.bank)
            case 1...3: try await server.update([Workload.document(id, version: version, bytes: 50)], Self.bank)
            case 4 where version % 5 == 0:
                _ = try await server.delete([id], Self.bank)
                return nil
            default:
                guard let document = try await server.get([id], Self.bank).first else { return nil }
                guard case .integer(let read)? = document.metadata["version"],
                    document == Workload.document(id, version: Int(read), bytes: 50)
                else { return -1 }
                return Int(read)
            }
            return version
        } catch {
            // 404 and 409: an earlier writer had deleted the document, or made it.
            let text = "\(error)"
            guard text.hasPrefix("not_found") || text.hasPrefix("already_exists") else { throw error }
            return nil
        }
    }
}
