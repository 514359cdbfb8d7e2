import ProviderKit
import Synchronization
import Testing

@testable import InferenceCPU
@testable import ProviderKit

@Suite(.timeLimit(.minutes(60))) struct ReportTests {
    private let host = RecordingHost()

    private func call(_ model: String = "m", deadline: Int64 = 0) -> Call {
        Call(
            method: "completion", requestID: "r1", principal: "", resource: model, options: [:],
            deadlineNanoseconds: deadline, link: HostLink(host.table))
    }

    @Test("a finished answer is logged and counted, and its counts are the engine's own")
    func finished() async throws {
        let model = try await ServedModel(.saying("a", "b", "c"))
        _ = try await model.provider.completion(ServedModel.request(completing: "hello"), call())
        let line = try #require(host.lines.first)
        #expect(line.message == "answer stop")
        #expect(line.fields["request_id"] == "r1")
        #expect(line.fields["prompt_tokens"] == "5")
        // The stop token is generated too, and never computed, as the last of an answer never is.
        #expect(line.fields["generated_tokens"] == "4")
        #expect(line.fields["tokens_computed"] == "8")
        #expect(host.total("prompt_tokens_total") == 5)
        #expect(host.total("generated_tokens_total") == 4)
        #expect(host.total("computed_tokens_total") == 8)
        #expect(host.total("requests_total") == 1)
    }

    @Test("a model that takes long to load says how far it is, once a second from the second second on")
    func loading() throws {
        let start = ContinuousClock.now
        let report = LoadingReport(id: "m", log: call().log, start: start)
        for (seconds, share) in [(0.9, 0.1), (1.0, 0.25), (1.9, 0.5), (3.2, 0.751), (3.3, 0.8)] {
            report.note(share, at: start + .seconds(seconds))
        }
        #expect(host.lines.map(\.message) == ["loading model m: 25 %", "loading model m: 75 %"])
        #expect(host.lines.last?.fields["seconds"] == "3")
    }

    @Test("a cancelled answer is logged with what the engine has computed by then")
    func cancelled() async throws {
        let model = try await ServedModel(.saying("a", "b", end: .never, contextTokens: 100_000))
        await #expect(throws: CancellationError.self) {
            try await model.provider.completion(
                ServedModel.request(completing: "hello"), call(),
                streamingTo: EventStream { _ in throw CancellationError() })
        }
        let line = try #require(host.lines.first)
        #expect(line.message == "answer cancelled")
        let computed = try #require(line.fields["tokens_computed"].flatMap { Int($0) })
        #expect(computed == (try model.loaded().engine.load.tokensComputed))
        #expect(host.total("computed_tokens_total") == Double(computed))
    }

    @Test("answers side by side add up to the engine's count")
    func addUp() async throws {
        let model = try await ServedModel(.saying("a", "b", "c"))
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    _ = try await model.provider.completion(ServedModel.request(completing: "hello"), self.call())
                }
            }
            try await group.waitForAll()
        }
        #expect(host.total("computed_tokens_total") == Double(try model.loaded().engine.load.tokensComputed))
        #expect(host.total("computed_tokens_total") == 160)
    }

    @Test("a deadline that has passed ends the call with a timeout")
    func deadline() async throws {
        let model = try await ServedModel(.saying("a", end: .never, contextTokens: 100_000))
        let error = await #expect(throws: ProviderError.self) {
            _ = try await model.provider.completion(ServedModel.request(completing: "hi"), call(deadline: 1))
        }
        #expect(error?.code == .providerTimeout)
    }
}

/// The host's log and metrics, and nothing else of it.
final class RecordingHost: Sendable {
    struct Line: Sendable {
        var message: String
        var fields: [String: String]
    }

    private let kept = Mutex<(lines: [Line], totals: [String: Double])>(([], [:]))
    // Never freed: a provider may log late.
    nonisolated(unsafe) let table: UnsafePointer<lsp_host>

    var lines: [Line] { kept.withLock { $0.lines } }
    func total(_ counter: String) -> Double { kept.withLock { $0.totals[counter] ?? 0 } }

    init() {
        let table = UnsafeMutablePointer<lsp_host>.allocate(capacity: 1)
        self.table = UnsafePointer(table)
        table.initialize(
            to: lsp_host(
                struct_size: UInt32(MemoryLayout<lsp_host>.size), abi_major: 1, abi_minor: 0,
                context: Unmanaged.passRetained(self).toOpaque(),
                log: { context, _, message, fields in
                    let fields = (try? JSON(parsing: fields.buffer))?.objectValue?.members ?? []
                    let line = Line(
                        message: message.text,
                        fields: Dictionary(uniqueKeysWithValues: fields.map { ($0.key, $0.value.stringValue ?? "") }))
                    RecordingHost.from(context).kept.withLock { $0.lines.append(line) }
                },
                metric: { context, kind, name, value, _ in
                    guard kind == Int32(LSP_COUNTER) else { return }
                    let name = name.text
                    RecordingHost.from(context).kept.withLock { $0.totals[name, default: 0] += value }
                },
                call: nil, cancel: nil, announce: nil, withdraw: nil))
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> RecordingHost {
        Unmanaged<RecordingHost>.fromOpaque(context!).takeUnretainedValue()
    }
}
