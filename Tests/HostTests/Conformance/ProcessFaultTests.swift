import Foundation
import LlamaStackAPI
import ProviderConformance
import Testing
import Torture

/// The faults of ``FaultTable`` where the provider is reached over a socket.
struct ProcessFaultTests {
    /// The words of the host's own checks, where they differ from those of the kit's probe.
    private static let otherWords: [String: String] = [
        "crash in constructor": "ended by SIGSEGV", "crash in entry": "ended by SIGSEGV",
        "crash in create": "ended by SIGSEGV", "crash in invoke": "ended by SIGSEGV",
        "crash in cancel": "ended by SIGSEGV", "crash in destroy": "ended by SIGSEGV",
        "abort in create": "ended by SIGABRT", "exit in constructor": "exited with 0", "exit in entry": "exited with 0",
        "exit in create": "exited with 0", "exit in invoke": "exited with 0", "exit in thread": "exited with 0",
        "exit in destroy": "exited with 0", "hang in constructor": "no answer within",
        "hang in entry": "no answer within",
        "hang in invoke": "was not finished", "hang in cancel": "destroy did not finish",
        "hang in destroy": "destroy did not finish", "stop the process": "was not finished",
        "entry answers 0x10": "ended by SIGSEGV", "size that lies": "ended by SIGSEGV",
        "never ready": "did not finish 'ready'", "ready twice": "finish after finish",
        "finish twice": "finish after finish", "finish from 8 threads": "finish after finish",
        "write after finish": "write after finish", "event with a newline": "a newline in it",
        "event with a carriage return": "a carriage return in it", "huge error": "not a JSON object",
    ]

    /// The child takes them for what they most likely mean, or does no harm with them, so the host never hears: the
    /// check is turned red by those that stay inline.
    private static let seenInline: Set<String> = [
        "done twice", "log after destroy", "wait after finish", "null context", "made-up context",
        "writes from 8 threads", "unknown kind", "write after closed", "LSP_OK with an error", "error without a code",
        "error from NULL", "status 999", "status -1", "log that is not UTF-8", "log with other fields",
        "unknown log level", "log flood",
    ]

    /// A child never runs the destructors of a library.
    private static let unseen: Set<String> = ["crash in destructor"]

    private static let rows = FaultTable.all.filter { Check.namesOverSocket.contains($0.check) }
    static let overSocket = rows.filter { !seenInline.contains($0.fault) && !unseen.contains($0.fault) }
    static let inline = rows.filter { seenInline.contains($0.fault) }

    @Test(arguments: overSocket)
    func `each fault of bytes, order, status, cancel and crash turns its check red over the socket`(
        _ row: FaultTable.Row
    ) async throws {
        let report = await ConformanceKit.run(
            try ConformanceKit.faults(), fault: row.fault, only: [row.check], seconds: row.seconds, isolation: .process)
        let failures = report.failed.filter { $0.check == row.check }
        let says = Self.otherWords[row.fault] ?? row.says
        #expect(failures.contains { $0.detail.contains(says) }, "\(report.results)")
        #expect(failures.allSatisfy { $0.way == .socket })
    }

    @Test(arguments: inline)
    func `what a socket hides is seen by the checks that stay inline`(_ row: FaultTable.Row) async throws {
        let report = await ConformanceKit.run(
            try ConformanceKit.faults(), fault: row.fault,
            only: [
                row.check, "uses what it is lent only while it is lent", "leaves nothing behind after destroy",
            ], seconds: row.seconds, isolation: .process)
        let said = report.failed.filter { $0.check == row.check }.map(\.detail)
        #expect(said.contains { $0.contains(row.says) && $0.contains("(seen in ") }, "\(report.results)")
    }

    @Test func `every check over the socket is shown red by some fault`() {
        let shown = Set(Self.overSocket.map(\.check)).union(KeepingTests.shown)
        #expect(Check.namesOverSocket.filter { !shown.contains($0) } == [])
    }

    @Test(arguments: KeepingTests.faults)
    func `each fault of keeping is told at its step`(_ fault: String, _ subjects: [String]) async throws {
        let report = await ConformanceKit.run(
            try ConformanceKit.faults(), fault: fault, only: [KeepingTests.check], isolation: .process)
        #expect(report.failed.map(\.subject) == subjects, "\(report.results)")
    }

    @Test func `a provider that keeps the contract passes every check, and each says how it ran`() async throws {
        let report = await ConformanceKit.run(try ConformanceKit.faults(), isolation: .process)
        let rest = report.results.filter { $0.outcome != .passed }
        #expect(rest.filter { $0.outcome != .skipped }.map(\.description) == [])
        #expect(rest.map(\.check) == ["keeps what it is given until it is deleted"])
        #expect(Set(report.results.map(\.check)) == Set(Check.names))
        for result in report.results {
            let isOver = Check.namesOverSocket.contains(result.check)
            #expect((result.way == .socket) == isOver, "\(result)")
            #expect(result.way != nil)
        }
        #expect(report.results.contains { $0.description.hasSuffix("becomes ready and stops (over the socket)") })
        #expect(report.results.contains { $0.description.hasSuffix("leaves the process as it found it (inline)") })
        #expect(
            report.summary.contains(" over the socket, ") && report.summary.contains(" inline, "), "\(report.summary)")
    }

    @Test func `a crash in one check leaves the others to say what they found`() async throws {
        let report = await ConformanceKit.run(
            try ConformanceKit.faults(), fault: "crash in cancel", isolation: .process)
        let failed = Set(report.failed.map(\.check))
        #expect(failed.contains("ends a stream that is cancelled"))
        #expect(!failed.contains("answers an unknown method with LSP_UNSUPPORTED"))
    }
}
