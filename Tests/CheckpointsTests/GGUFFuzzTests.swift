import ModelFixtures
import Testing

@testable import Checkpoints

/// Broken files end in an error or in a file that is safe to read: never in a trap, a hang, or a byte from beyond the
/// file (which is followed by a page that crashes the process when touched).
@Suite("Broken GGUF files")
struct GGUFFuzzTests {
    /// Opens the bytes and, if that succeeds, reads everything that can be read.
    private func exercise(_ bytes: [UInt8]) -> Bool {
        guard let file = try? GGUFFile(file: guardedFile(bytes)) else { return false }
        var sum = 0
        for key in file.keys {
            _ = try? file.string(key)
            _ = try? file.int(key)
            _ = try? file.floats(key)
            _ = try? file.ints(key)
            if let strings = try? file.strings(key) {
                for index in 0..<strings.count { sum &+= strings[index].reduce(0) { $0 &+ Int($1) } }
            }
        }
        for tensor in file.tensors { sum &+= tensor.bytes.reduce(0) { $0 &+ Int($1) } }
        return sum != .min
    }

    @Test("truncation at every byte of the header is an error")
    func truncation() {
        let (bytes, headerCount) = GGUFWriter.sample().encoded()
        let opened = (0..<headerCount).filter { exercise(Array(bytes[..<$0])) }
        #expect(headerCount > 3500 && opened == [])
    }

    @Test("truncation within the data is an error")
    func dataTruncation() {
        let (bytes, _) = GGUFWriter.sample().encoded()
        let end = bytes.count - 32  // what follows may be padding of the last tensor
        let opened = stride(from: end, to: end - 512, by: -7).filter { exercise(Array(bytes[..<$0])) }
        #expect(opened == [])
    }

    @Test("a thousand headers with random bytes changed do no harm")
    func mutations() {
        let (bytes, headerCount) = GGUFWriter.sample().encoded()
        let seed: UInt64 = 0x5eed_a4
        print("GGUF header mutations: seed \(seed)")
        var random = SplitMix(seed: seed)
        var refused = 0
        for _ in 0..<1000 {
            var changed = bytes
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                changed[Int.random(in: 0..<headerCount, using: &random)] = .random(in: 0...255, using: &random)
            }
            if !exercise(changed) { refused += 1 }
        }
        #expect(refused > 300)
    }

    @Test("three hundred lies about counts, lengths and places do no harm")
    func lies() {
        let (bytes, headerCount) = GGUFWriter.sample().encoded()
        let seed: UInt64 = 0x5eed_a5
        print("GGUF lies: seed \(seed)")
        var random = SplitMix(seed: seed)
        let claims: [UInt64] = [
            0, 1, 7, 33, 0x7f, 0xff, 0xffff, 1 << 31, 0xffff_ffff, 1_000_000_000, 1 << 40, 1 << 62, (1 << 63) - 1,
            1 << 63,
            .max - 31, .max,
        ]
        var refused = 0
        for _ in 0..<300 {
            var changed = bytes
            let at = Int.random(in: 8..<(headerCount - 8), using: &random)
            let claim = claims.randomElement(using: &random)!
            changed.replaceSubrange(at..<(at + 8), with: GGUFWriter.little(claim))
            if !exercise(changed) { refused += 1 }
        }
        #expect(refused > 100)
    }
}
