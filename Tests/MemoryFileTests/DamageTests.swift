import BankFixtures
import Foundation
import GRDB
import Host
import MemoryBanks
import ProviderConformance
import ProviderKit
import Testing
import Torture

@testable import MemoryFile

@Suite(.timeLimit(.minutes(10)))
struct DamageTests {
    @Test("a flipped bit in a stored document is an error that names the document, and others are still read")
    func flippedBit() async throws {
        try await withFolder { state in
            let first = try await BankServer(state: state)
            try await first.create("bank", [text("1", "the first document"), text("2", "the second document")])
            _ = try await first.indexed("bank")
            await first.stop()
            let path = URL(fileURLWithPath: state + "/memory_banks/files/memory.sqlite")
            var bytes = try Data(contentsOf: path)
            // The document's own bytes, and its chunk's: both are flipped.
            var start = bytes.startIndex
            while let range = bytes.range(of: Data("the first document".utf8), in: start..<bytes.endIndex) {
                bytes[range.lowerBound] ^= 1
                start = range.upperBound
            }
            try bytes.write(to: path)
            let second = try await BankServer(state: state)
            let error = await refusal { _ = try await second.get(["1"], "bank") }
            #expect(error?.code == .providerUnavailable)
            #expect(error?.message.contains("'1' is damaged") == true)
            #expect(try await second.get(["2"], "bank").texts == ["the second document"])
            await second.stop()
        }
    }

    @Test("no id becomes a file")
    func idsAreNoFiles() async throws {
        try await withServer { server, state in
            for id in opaqueIDs { try await server.create(id, opaqueIDs.map { text($0, "text") }) }
            let files = FileManager.default.enumerator(atPath: state)?.compactMap { $0 as? String } ?? []
            let wanted = ["memory.sqlite", "memory.sqlite-shm", "memory.sqlite-wal", "reserve"]
            #expect(
                files.filter { $0.hasPrefix("memory_banks/files/") }.sorted()
                    == wanted.map { "memory_banks/files/" + $0 })
        }
    }

    @Test("each changed bit and each moved bound changes the checksum")
    func checksum() {
        let content = (0..<41).map { UInt8($0) }
        let right = Checksum.of(content, [1, 2], "text/plain")
        for bit in 0..<(content.count * 8) {
            var changed = content
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(Checksum.of(changed, [1, 2], "text/plain") != right)
        }
        #expect(Checksum.of(content + [1], [2], "text/plain") != right)
        #expect(Checksum.of(content, [1, 2, 0], "text/plain") != right)
        #expect(Checksum.of(content, [1, 2], "text/plaim") != right)
    }

    @Test("a damaged database stops the start with a message that names the file")
    func damagedFile() async throws {
        try await withFolder { state in
            let folder = state + "/memory_banks/files"
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            try Data(repeating: 7, count: 5000).write(to: URL(fileURLWithPath: folder + "/memory.sqlite"))
            do {
                _ = try await BankServer(state: state)
                Issue.record("it must not start")
            } catch {
                #expect((error as? StartFailure)?.description.contains("memory.sqlite") == true)
            }
        }
    }

    @Test("a distribution without a state folder is refused: nothing would be kept")
    func noState() async {
        let context = ProviderContext(providerID: "files")
        let configuration = try? MemoryFileConfiguration(json: [:], at: .root)
        let error = await #expect(throws: ProviderError.self) {
            _ = try await MemoryFileProvider(configuration: try #require(configuration), context: context)
        }
        #expect(error?.code == .invalidConfig)
    }

    @Test("an overlap of more than half a chunk is a mistake of the configuration")
    func overlap() async {
        do {
            _ = try await BankServer(state: "/nowhere", config: "{chunk_tokens: 100, chunk_overlap_tokens: 51}")
            Issue.record("it must be refused")
        } catch { #expect(error is StartFailure) }
    }
}
