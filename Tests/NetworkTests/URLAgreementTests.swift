import Foundation
import Testing

@testable import Networking

struct URLAgreementTests {
    private static let seed: UInt64 = 7

    private static let pieces = [
        "a.test", "A.test", "127.0.0.1", "[::1]", "[2606:4700::1]", "localhost", "0x7f", "1", ".", "..", "-", ":",
        ":80",
        ":8080", ":0", "/", "//", "\\", "@", "#", "?", "%", "%41", "%2e", "%00", ";", "&", "=", "[", "]", "é", "\t",
        " ",
        "\r\n", "\u{0}", "xn--a", "(", "*",
    ]

    @Test("what is accepted, Foundation reads with the same host and port, or not at all: 50,000 URLs of tricky pieces")
    func agreement() {
        var random = SplitMix(state: Self.seed)
        var accepted = 0
        var differing: [String] = []
        for _ in 0..<50_000 {
            var text = Bool.random(using: &random) ? "https://" : "http://"
            for _ in 0..<Int.random(in: 1...5, using: &random) {
                text += Self.pieces[Int.random(in: 0..<Self.pieces.count, using: &random)]
            }
            guard let url = try? NetworkURL(text) else { continue }
            accepted += 1
            if let other = URL(string: url.text) {
                let host = url.hostText.replacing("[", with: "").replacing("]", with: "")
                let port = other.port ?? (url.isSecure ? 443 : 80)
                if other.host != host || port != url.port || other.user != nil { differing.append(text) }
            }
            if (try? NetworkURL(url.text)) != url { differing.append(text) }
        }
        #expect(accepted > 1_000)
        #expect(differing.isEmpty, "seed \(Self.seed): \(differing.prefix(5))")
    }
}

/// Steele, Lea, Flood 2014: the same numbers in every run.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }
}
