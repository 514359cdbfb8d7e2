import Foundation
import Synchronization
import Testing

/// The places that may break a rule of the house: `exceptions.txt`, a line each, with the reason.
///
///     rule | place | reason
struct Exceptions {
    let places: [String]

    init(_ rule: String) throws {
        let file = "\(SourceTree.root)/Tests/HouseTests/exceptions.txt"
        let text = String(decoding: try #require(FileManager.default.contents(atPath: file)), as: UTF8.self)
        var places: [String] = []
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
            try #require(
                parts.count == 3 && !parts[2].isEmpty, "exceptions.txt: '\(line)' is not 'rule | place | reason'")
            if parts[0] == rule { places.append(parts[1]) }
        }
        self.places = places
    }

    /// Fails for each violation without an exception, with what to do about it, and for each exception without a
    /// violation.
    func judge(_ violations: [(place: String, message: String)]) {
        for violation in violations where !places.contains(violation.place) {
            Issue.record("\(violation.place): \(violation.message)")
        }
        let broken = Set(violations.map(\.place))
        for place in places where !broken.contains(place) {
            Issue.record("exceptions.txt: \(place) keeps the rule by now; remove its line")
        }
    }
}
