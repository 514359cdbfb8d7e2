import Foundation
import LlamaStackAPI

/// Several measurements of one thing.
struct Spread {
    private let sorted: [Double]

    init(_ values: [Double]) { sorted = values.sorted() }

    var median: Double {
        guard !sorted.isEmpty else { return .nan }
        let middle = sorted.count / 2
        return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    }

    var least: Double { sorted.first ?? .nan }
    var most: Double { sorted.last ?? .nan }

    /// Median, least, most.
    var values: [Double] { [median, least, most] }
    var cells: [String] { values.map { String(format: "%.1f", $0) } }

    var json: JSON { ["median": .number(median), "min": .number(least), "max": .number(most)] }
}

/// One line on standard error that is written over; nothing where nobody watches.
struct Progress {
    private let isShown = isatty(STDERR_FILENO) == 1

    func show(_ text: String) { if isShown { Output.status(text) } }
    func clear() { show("") }
}

/// Work that computes or blocks for long, on a thread of its own: Swift's pool stays free.
enum OwnThread {
    static func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            let thread = Thread { continuation.resume(with: Result { try body() }) }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }
}
