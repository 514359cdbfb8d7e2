import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

/// Reads a job's log to its end, and shows it: at a terminal the progress in one line, else every line as it is.
struct JobFollower {
    let connection: any StackConnection
    let job: String
    /// Whether the job's server ends with this command.
    let isLocal: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private let line = Progress()
    private var progress = JobProgress()
    /// Lines that were taken, of all streams: each begins with the log's first.
    private var taken = 0

    init(connection: any StackConnection, job: String, isLocal: Bool) {
        (self.connection, self.job, self.isLocal) = (connection, job, isLocal)
    }

    /// Returns when the job is completed.
    /// - Throws: an `ExitCode` when the job failed, or was left; a ``CallError`` of the server.
    mutating func follow() async throws -> JobProgress {
        let interrupts = isTerminal && isatty(STDIN_FILENO) == 1 ? Interrupts() : nil
        defer { interrupts?.stop() }
        while true {
            do {
                try await read(interrupts)
                let status = try await status()
                guard [.completed, .failed].contains(status.status) else { continue }
                return try end(status)
            } catch is CancellationError {
                guard try await goesOn() else { throw ExitCode(130) }
            }
        }
    }

    // MARK: The log

    private mutating func read(_ interrupts: Interrupts?) async throws {
        let lines = AsyncThrowingStream<String, any Error>.makeStream()
        let (connection, job, skipped) = (connection, job, taken)
        let body: @Sendable () async throws -> Void = {
            var left = skipped
            for try await event in connection.events(
                PostTraining.jobLogs.description, ["job_uuid": job], body: nil, options: [:])
            {
                for line in try PostTrainingJobLogStream(json: event, at: .root).logLines {
                    if left > 0 { left -= 1 } else { lines.continuation.yield(line) }
                }
            }
            try Task.checkCancellation()
        }
        let reading = Task {
            do {
                if let interrupts { try await interrupts.cancellable(body) } else { try await body() }
                lines.continuation.finish()
            } catch {
                lines.continuation.finish(throwing: error)
            }
        }
        defer { reading.cancel() }
        for try await line in lines.stream { show(line) }
    }

    private mutating func show(_ text: String) {
        taken += 1
        let isNews = progress.take(text)
        guard isTerminal else { return Output.line(text) }
        if isNews {
            line.clear()
            Output.line(text)
        }
        if let shown = progress.line { line.show(shown) }
    }

    // MARK: Its end

    private func status() async throws -> PostTrainingJobStatusResponse {
        try PostTraining.jobStatus.decodeAnswer(
            await connection.answer(PostTraining.jobStatus.description, ["job_uuid": job], body: nil))
    }

    private func end(_ status: PostTrainingJobStatusResponse) throws -> JobProgress {
        line.clear()
        guard status.status == .completed else {
            throw Fail.with("error: the job \(job) failed: \(progress.lastLine)", exitCode: 70)
        }
        if isTerminal, let curve = progress.curve { Output.line(curve) }
        let count = status.checkpoints.count
        Output.line("\(job) is completed, with \(count) checkpoint\(count == 1 ? "" : "s")")
        if let id = progress.servedID { Output.line("chat with it: llama-stack chat --model \(id)") }
        return progress
    }

    // MARK: ^C

    /// Asks what to do with the job. False: the command is to end.
    private func goesOn() async throws -> Bool {
        line.clear()
        let leaving = isLocal ? "it goes on when the distribution is next run" : "it runs on at the server"
        Output.show("cancel the job, leave (\(leaving)), or go on following? [c/l/G] ", on: STDERR_FILENO)
        let answer = try await OwnThread.run { try StandardInput(bytesMax: 1 << 10).line() }
        switch answer?.trimmingCharacters(in: .whitespaces).lowercased().first {
        case "c":
            _ = try await connection.answer(PostTraining.jobCancel.description, ["job_uuid": job], body: nil)
            Output.line("\(job) is cancelled")
            return false
        case "l",
            nil where answer == nil:
            return false
        default: return true
        }
    }
}
