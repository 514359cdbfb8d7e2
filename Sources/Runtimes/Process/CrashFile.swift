import ContractBridge
import Foundation
import LlamaStackAPI

/// The record of a crash in the instance's state folder. It never contains the content of a request.
struct CrashFile: Sendable {
    /// Older ones are removed.
    static let filesMax = 20

    let setup: InstanceSetup
    let process: ProviderProcess
    let end: ProviderProcess.End
    let calls: [OpenRemoteCall]

    /// Logs when it could not be written; a provider without state leaves none.
    func write(log: LogSink) {
        guard !setup.statePath.isEmpty else { return }
        let name = "crash-\(Self.stamp(Date()))-\(process.pid).json"
        do {
            try Data(json.bytes).write(to: URL(fileURLWithPath: setup.statePath + "/" + name), options: .atomic)
            log.log(.info, "what is known of the crash is in \(setup.statePath)/\(name)", source: setup.label)
        } catch {
            log.log(.warning, "the crash could not be recorded: \(error)", source: setup.label)
        }
        removeOld()
    }

    private var json: JSON {
        [
            "provider": .string(setup.label), "type": .string(setup.provider.type),
            "version": .string(setup.provider.version), "library": .string(setup.library),
            "pid": .integer(Int64(process.pid)), "ended": .string(end.reason), "crash": end.crash,
            "calls": .array(calls.map { ["method": .string($0.method), "request_id": .string($0.requestID)] }),
            "peak_memory_bytes": end.report.peakMemoryBytes.map { .integer(Int64($0)) } ?? .null,
            "log": .array(process.recentLines.map { .string($0) }),
        ]
    }

    private func removeOld() {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: setup.statePath)) ?? [])
            .filter { $0.hasPrefix("crash-") && $0.hasSuffix(".json") }.sorted()
        for name in names.dropLast(Self.filesMax) {
            try? FileManager.default.removeItem(atPath: setup.statePath + "/" + name)
        }
    }

    /// 20261128T121500.123Z: names sort by time.
    private static func stamp(_ date: Date) -> String {
        // A DateFormatter takes a millisecond of processor time, while others are answered.
        let milliseconds = Int64(date.timeIntervalSince1970 * 1000)
        var (seconds, parts, text) = (time_t(milliseconds / 1000), tm(), [CChar](repeating: 0, count: 32))
        gmtime_r(&seconds, &parts)
        let count = strftime(&text, text.count, "%Y%m%dT%H%M%S", &parts)
        let fraction = String(milliseconds % 1000 + 1000).dropFirst()
        return String(decoding: text[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self) + ".\(fraction)Z"
    }
}
