import ChildProcess
import ContractBridge
import Foundation
import RawHTTP
import Synchronization

/// `llama-stack run` with two providers of inference: `echo`, which is sound, and `faulty`, which has the fault that
/// FAULT names.
final class FaultServer: Sendable {
    enum Start: Sendable {
        case ready(RawClient)
        case ended(ExitStatus)
        case silent
    }

    private let process: ChildProcess
    private let folder: String
    private let kept: LineRecord
    private let ended = Once<ExitStatus>()

    init(_ rounds: FaultRounds, fault: String, isolation: String) throws {
        folder = FileManager.default.temporaryDirectory.path + "/llama-stack-faults-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let file = folder + "/faults.yaml"
        try Self.distribution(rounds.library, isolation).write(toFile: file, atomically: true, encoding: .utf8)
        let kept = LineRecord()
        self.kept = kept
        var environment = ProcessInfo.processInfo.environment.filter {
            ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH"].contains($0.key)
        }
        (environment["FAULT"], environment["FAULT_SPARES_REGISTER"]) = (fault, "1")
        process = try ChildProcess.start(
            ChildProcess.Options(
                executable: rounds.executable, arguments: ["run", file, "--port", "0"], environment: environment,
                onLine: { kept.add($0) }))
        process.onExit { [ended] in ended.set($0.status) }
    }

    deinit {
        process.kill()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private static func distribution(_ library: String, _ isolation: String) -> String {
        let process = """
            , cancel_seconds: \(FaultRounds.cancelSeconds), environment: [FAULT, FAULT_SPARES_REGISTER],
                   restart: {crashes_max: 0, first_seconds: 0.05, longest_seconds: 0.05}
            """
        return """
            version: 1
            name: faults
            server:
              limits:
                call_seconds_max: \(FaultRounds.callSecondsMax)
                create_seconds_max: \(FaultRounds.createSecondsMax)
                drain_seconds: 1
            providers:
              inference:
                - {provider_id: echo, provider_type: "inline::echo"}
                - {provider_id: faulty, provider_type: "inline::faults", library: "\(library)", optional: true,
                   isolation: \(isolation)\(isolation == "process" ? process : "")}
            models:
              - {model_id: echo, provider_id: echo}
              - {model_id: faulty, provider_id: faulty, optional: true}

            """
    }

    /// Blocks until it says that it is ready, has ended, or has taken too long.
    func start(withinSeconds seconds: Double) -> Start {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if let line = kept.lines(of: .standardOutput).first(where: { $0.hasPrefix("ready: ") }),
                let port = line.firstMatch(of: #/:(\d+)  /#).flatMap({ Int($0.1) })
            {
                return .ready(RawClient(port: port))
            }
            if let status = ended.current { return .ended(status) }
            usleep(5000)
        }
        return .silent
    }

    /// nil while it runs.
    var end: ExitStatus? { ended.current }

    /// Sends SIGTERM. Returns nil when the server has not ended within the given seconds.
    func stop(withinSeconds seconds: Double) -> ExitStatus? {
        process.signal(SIGTERM)
        return waitForEnd(withinSeconds: seconds)
    }

    func waitForEnd(withinSeconds seconds: Double) -> ExitStatus? {
        let end = ContinuousClock.now + .seconds(seconds)
        while ended.current == nil, ContinuousClock.now < end { usleep(5000) }
        return ended.current
    }

    /// Its log so far.
    var log: [String] { kept.lines(of: .standardError) }
}

private final class LineRecord: Sendable {
    private static let linesMax = 20_000
    private let kept = Mutex<[OutputLine]>([])

    func add(_ line: OutputLine) {
        kept.withLock { if $0.count < Self.linesMax { $0.append(line) } }
    }

    func lines(of stream: OutputLine.Stream) -> [String] {
        kept.withLock { $0 }.filter { $0.stream == stream }.map(\.text)
    }
}
