import ChildProcess
import Foundation
import LlamaStackAPI
import RawHTTP
import Synchronization

/// One server with one fault, from its start to its end. Blocks; for a thread of its own.
struct FaultTrial: Sendable {
    let rounds: FaultRounds
    let isolation: String
    private var outcome: FaultOutcome

    init(_ rounds: FaultRounds, fault: String, checks: [String], isolation: String) {
        (self.rounds, self.isolation) = (rounds, isolation)
        outcome = FaultOutcome(fault: fault, checks: checks, isolation: isolation)
    }

    /// How long anything that has an end may take on a machine that does much else.
    private static let patienceSeconds = 30.0
    /// Seconds for a provider that answers 503 to recover.
    private static let recoverySeconds = 20.0

    mutating func run() throws -> FaultOutcome {
        let server = try FaultServer(rounds, fault: outcome.fault, isolation: isolation)
        switch server.start(withinSeconds: Self.patienceSeconds) {
        case .silent: outcome.end = "it does not start within \(Int(Self.patienceSeconds)) s"
        case .ended(let status): note(end: status)
        case .ready(let client): serve(server, client)
        }
        let log = FaultLog(server.log)
        outcome.leftOut = log.leftOut
        outcome.log = log.said
        dropChance()
        if outcome.end != nil { outcome.endLine = log.lastWords }
        return outcome
    }

    /// Removes the parts that differ from run to run.
    private mutating func dropChance() {
        switch outcome.fault {
        // Its process ends at the first 'done': the line about the second is on its way.
        case "done twice" where isolation == "process": outcome.log = nil
        // How long 96,000 lines take, and when the next one tells of those that were dropped.
        case "log flood":
            outcome.log = nil
            if outcome.calls[.crowd]?.hasPrefix("504") == true { outcome.calls[.crowd] = nil }
        default: break
        }
    }

    private mutating func note(end status: ExitStatus) {
        switch status {
        case .exited(let code): outcome.end = "exit code \(code)"
        case .signalled(let signal, _): outcome.end = ExitStatus.name(ofSignal: signal)
        case .unknown: outcome.end = "it is not known how"
        }
    }

    private mutating func serve(_ server: FaultServer, _ client: RawClient) {
        // One that is not there answers all of them alike.
        let isLeftOut = FaultLog(server.log).leftOut != nil
        for step in isLeftOut ? [FaultStep.whole] : FaultStep.allCases {
            let beside = Beside { try Self.chat(client, "echo") }
            let answer = answer(step, client, mayReturn: !isLeftOut)
            let neighbour = beside.wait()
            if let status = endAfter(answer, server) { return note(end: status) }
            guard isolation == "process" || !isSilent(answer, neighbour, client) else {
                return outcome.end = "it answers no call any more"
            }
            if answer != step.sound { outcome.calls[step] = answer }
            if answer == Self.silence { outcome.wrong.append("\(step.rawValue): \(answer)") }
            if neighbour != "200" { outcome.wrong.append("\(step.rawValue): the neighbour answered \(neighbour)") }
            settle(after: step, answer)
        }
        if let status = server.end { return note(end: status) }
        let health = (try? client.get("/health/live", seconds: Self.patienceSeconds).status) ?? 0
        if health != 200 { outcome.wrong.append("/health/live answers \(health)") }
        stop(server)
    }

    /// Whether the server answers no call any more. One beside the faulty call may have been answered before that.
    private func isSilent(_ answer: String, _ neighbour: String, _ client: RawClient) -> Bool {
        if neighbour == Self.silence { return true }
        return answer == Self.silence && Self.attempt { try Self.chat(client, "echo") } == Self.silence
    }

    /// A server that dies closes its connections a moment before it is gone.
    private func endAfter(_ answer: String, _ server: FaultServer) -> ExitStatus? {
        answer == Self.cut ? server.waitForEnd(withinSeconds: Self.patienceSeconds) : server.end
    }

    private mutating func stop(_ server: FaultServer) {
        switch server.stop(withinSeconds: Self.patienceSeconds) {
        case nil:
            outcome.stop = "it does not end"
            outcome.wrong.append("SIGTERM does not end it")
        case .exited(0)?: break
        case .exited(let code)?: outcome.stop = "exit code \(code)"
        case .signalled(let signal, _)?: outcome.stop = ExitStatus.name(ofSignal: signal)
        case .unknown?: outcome.stop = "it is not known how"
        }
    }

    /// Waits until the effects of a step are over, before the next begins.
    private func settle(after step: FaultStep, _ answer: String) {
        let isAboutCancel = step == .cancelled && outcome.checks.contains { $0.contains("cancel") }
        guard isAboutCancel || answer.hasPrefix("504") else { return }
        // A process that does not obey a cancel is asked to end, and two seconds later it is killed.
        usleep(useconds_t((FaultRounds.cancelSeconds + (isolation == "process" ? 3 : 0.5)) * 1e6))
    }

    // MARK: calls

    private static let cut = "no answer: the connection is cut"
    private static let silence = "no answer within \(Int(patienceSeconds)) s"

    private func answer(_ step: FaultStep, _ client: RawClient, mayReturn: Bool) -> String {
        let end = ContinuousClock.now + .seconds(Self.recoverySeconds)
        while true {
            let answer = Self.attempt { try Self.call(step, client) }
            // It crashed in the call before, and is being started again.
            guard mayReturn, isolation == "process", answer.hasPrefix("503"), ContinuousClock.now < end else {
                return answer
            }
            usleep(20_000)
        }
    }

    private static func call(_ step: FaultStep, _ client: RawClient) throws -> String {
        switch step {
        case .whole, .again: return try chat(client, "faulty")
        case .refused: return try chat(client, "faulty", more: #","no_such_field":1"#)
        case .stream: return try stream(client)
        case .crowd:
            let all = (0..<16).map { _ in Beside { try chat(client, "faulty") } }
            // The worst of them.
            return all.map { $0.wait() }.max() ?? ""
        case .cancelled:
            let reader = try client.stream(
                path, body("faulty", "take long", ",\"stream\":true"), seconds: patienceSeconds)
            guard reader.head.status == 200 else { return text(reader.head.status, try reader.rest()) }
            _ = try reader.next()
            return "200"
        }
    }

    private static func chat(_ client: RawClient, _ model: String, more: String = "") throws -> String {
        let reply = try client.post(path, body(model, "Hi", more), seconds: patienceSeconds)
        return text(reply.status, reply.body)
    }

    /// "422 `invalid_request`"
    private static func text(_ status: Int, _ body: [UInt8]) -> String {
        let code = (try? JSON(parsing: body))?["detail"]?["code"]?.stringValue
        return "\(status)" + (code.map { " `\($0)`" } ?? "")
    }

    private static func stream(_ client: RawClient) throws -> String {
        let reader = try client.stream(path, body("faulty", "Hi", ",\"stream\":true"), seconds: patienceSeconds)
        guard reader.head.status == 200 else { return text(reader.head.status, try reader.rest()) }
        var status = "200"
        while let event = try reader.next() {
            guard event.name == "error" else { continue }
            let code = (try? JSON(parsing: event.data))?["detail"]?["code"]?.stringValue ?? ""
            status += ", then the event `error` with `\(code)`"
        }
        return status
    }

    private static let path = "/inference/chat_completion"

    private static func body(_ model: String, _ text: String, _ more: String) -> [UInt8] {
        Array(
            #"{"model":"\#(model)","dialog":{"message":{"role":"user","content":"\#(text)"},"message_history":[]}\#(more)}"#
                .utf8)
    }

    fileprivate static func attempt(_ body: () throws -> String) -> String {
        do {
            return try body()
        } catch let error as RawHTTPError
            where error.description.hasPrefix("no answer within") || error.description.hasSuffix("in time")
        {
            return silence
        } catch {
            return cut
        }
    }
}

/// A blocking call on a thread of its own.
private final class Beside: Sendable {
    private let answer = Mutex<String>("")
    private let done = DispatchSemaphore(value: 0)

    init(_ body: @escaping @Sendable () throws -> String) {
        Thread.detachNewThread { [self] in
            let text = FaultTrial.attempt(body)
            answer.withLock { $0 = text }
            done.signal()
        }
    }

    func wait() -> String {
        done.wait()
        return answer.withLock { $0 }
    }
}
