import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// Files made to do harm: every one ends as a manifest or as diagnostics.
struct ManifestFaultTests {
    private func parse(_ bytes: [UInt8]) -> StartFailure? {
        do {
            _ = try Manifest.parse(bytes, file: "test.yaml", directory: "/nowhere", environment: [:])
            return nil
        } catch {
            return error
        }
    }

    @Test("500 mutated distributions end in order")
    func mutations() throws {
        let seed = UInt64(ProcessInfo.processInfo.environment["FUZZ_SEED"] ?? "") ?? 20240723
        let count = Int(ProcessInfo.processInfo.environment["FUZZ_COUNT"] ?? "") ?? 500
        print("manifest mutations: seed \(seed), \(count) files")
        var random = SplitMix(state: seed)
        let originals = try ManifestGoldenTests.files.map {
            [UInt8](try Data(contentsOf: URL(fileURLWithPath: ManifestGoldenTests.folder + "/" + $0)))
        }.filter { !$0.isEmpty }
        var refused = 0
        for _ in 0..<count {
            var bytes = originals[Int(random.next() % UInt64(originals.count))]
            for _ in 0...Int(random.next() % 4) { mutate(&bytes, &random) }
            guard let failure = parse(bytes) else { continue }
            refused += 1
            #expect(failure.exitCode == 78)
            #expect(!failure.diagnostics.isEmpty)
            for diagnostic in failure.diagnostics {
                #expect(diagnostic.message.count <= FileDiagnostic.messageCharactersMax)
                #expect(!diagnostic.description.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
            }
        }
        #expect(refused > count / 4)
    }

    private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
        let words = [
            "\0", "\u{feff}", "\r\n", "\t", "&a ", "*a", "<<: ", "!!int ", "---\n", "...\n", "{", "}", "[", "]", ": ",
            "- ",
            "? ", "${env.X}", "${env.", "}", "|\n", ">\n", "\"", "'", "#", "%YAML 1.2\n", "version: 1\n", "1e999", "0x",
            "99999999999999999999", "-", "~", "null", "\u{202e}", "\u{85}",
        ].map { Array($0.utf8) }
        let place = bytes.isEmpty ? 0 : Int(random.next() % UInt64(bytes.count))
        switch random.next() % 6 {
        case 0: if !bytes.isEmpty { bytes[place] = UInt8(truncatingIfNeeded: random.next()) }
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + Int(random.next() % 20)))
        case 2: bytes.insert(contentsOf: words[Int(random.next() % UInt64(words.count))], at: place)
        case 3: bytes.insert(UInt8(truncatingIfNeeded: random.next()), at: place)
        case 4:
            let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
            bytes += [10] + lines[Int(random.next() % UInt64(lines.count))]
        default: bytes = Array(bytes.prefix(place))
        }
    }

    static let bombs: [(name: String, bytes: @Sendable () -> [UInt8])] = [
        (
            "aliases of aliases",
            {
                var text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
                for level in 1...9 {
                    text +=
                        "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ",")
                        + "]\n"
                }
                return Array(text.utf8)
            }
        ),
        ("an alias of itself", { Array("a: &a [*a]\n".utf8) }),
        ("merge keys", { Array((0..<2000).map { "k\($0): {<<: {a: 1}}\n" }.joined().utf8) }),
        ("1001 lists in each other", { Array(repeating: UInt8(ascii: "["), count: 1001) }),
        ("100,000 mappings in each other", { Array(String(repeating: "{a: ", count: 100_000).utf8) }),
        (
            "1001 blocks in each other",
            { Array((0..<1001).map { String(repeating: " ", count: $0) + "a:\n" }.joined().utf8) }
        ),
        ("a value of 10 MB", { Array("name: ".utf8) + Array(repeating: 120, count: 10_000_000) }),
        ("a value of 1 MB", { Array("name: ".utf8) + Array(repeating: 120, count: 1_000_000) }),
        ("a key of 1 MB", { Array(repeating: 120, count: 1_000_000) + Array(": 1".utf8) }),
        ("200,000 keys", { Array((0..<200_000).map { "\(String($0, radix: 36)):\n" }.joined().utf8.prefix(1 << 20)) }),
        ("a million empty lines", { Array(repeating: 10, count: 1_000_000) }),
        ("500,000 question marks", { Array(String(repeating: "? ", count: 500_000).utf8) }),
        ("500,000 dashes", { Array(String(repeating: "- ", count: 500_000).utf8) }),
        ("one long quoted value", { Array("name: \"".utf8) + Array(repeating: 120, count: 1_000_000) }),
        (
            "many references",
            { Array(("name: \"" + String(repeating: "${env.A:=bbbbbbbbbb}", count: 40_000) + "\"").utf8) }
        ),
        ("one key half a million times", { Array(String(repeating: "a: 1\n", count: 200_000).utf8) }),
        ("invalid UTF-8 all over", { Array(repeating: 0xc3, count: 1_000_000) }),
        ("a million colons", { Array(repeating: UInt8(ascii: ":"), count: 1_000_000) }),
        ("a million ampersands", { Array(repeating: UInt8(ascii: "&"), count: 1_000_000) }),
        ("a million exclamation marks", { Array(repeating: UInt8(ascii: "!"), count: 1_000_000) }),
    ]

    /// What grows with the square of the file takes minutes, and more.
    @Test("a bomb is refused with a short message", .timeLimit(.minutes(10)), arguments: bombs.indices)
    func bomb(_ index: Int) throws {
        let bytes = Self.bombs[index].bytes()
        let start = ContinuousClock.now
        let failure = try #require(parse(bytes))
        let time = ContinuousClock.now - start
        for diagnostic in failure.diagnostics { #expect(diagnostic.message.count <= 200) }
        #expect(failure.diagnostics.count <= ManifestLimits.diagnosticsMax + 1)
        print("bomb '\(Self.bombs[index].name)': \(time)")
    }

    @Test("a file that is too large is refused before it is understood")
    func tooLarge() throws {
        let path = ProbeLibrary.folder + "/large.yaml"
        try Data(repeating: 10, count: 10_000_000).write(to: URL(fileURLWithPath: path))
        do {
            _ = try Manifest.load(path: path, environment: [:])
            Issue.record("it must be refused")
        } catch {
            #expect(error.diagnostics.first?.code == "too_large")
        }
    }

    @Test("a file that is not there is 66, not 78")
    func missing() {
        do {
            _ = try Manifest.load(path: "/nowhere/x.yaml", environment: [:])
            Issue.record("it must be refused")
        } catch {
            #expect(error.exitCode == 66)
            #expect(error.description == "/nowhere/x.yaml: error: No such file or directory")
        }
    }
}

/// Steele, Lea and Flood 2014: small, and the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
