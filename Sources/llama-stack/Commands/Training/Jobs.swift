import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct Jobs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs", abstract: "Look at training jobs of a running server, and cancel them.",
        subcommands: [JobList.self, JobStatus.self, JobLogs.self, JobArtifacts.self, JobCancel.self])
}

struct ServerOption: ParsableArguments {
    @Option(help: "A running stack.") var url = "http://127.0.0.1:8321"

    /// Calls `body` with a connection that is closed afterwards.
    func connected<Value>(_ body: (RemoteStack) async throws -> Value) async throws -> Value {
        let connection = RemoteStack(url: url)
        do {
            let value = try await body(connection)
            await connection.close()
            return value
        } catch {
            await connection.close()
            throw (error as? CallError).map(Fail.with) ?? error
        }
    }
}

/// The server, and the job there.
struct JobOptions: ParsableArguments {
    @Argument(help: "The job's id.") var job: String
    @OptionGroup var server: ServerOption

    func answer(_ endpoint: EndpointDescription) async throws -> [UInt8] {
        try await server.connected { try await $0.answer(endpoint, ["job_uuid": job], body: nil) }
    }
}

struct JobList: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Your jobs, and what each makes.", discussion: "Oldest first.")

    @OptionGroup var server: ServerOption
    @Flag(help: "Print the server's JSON, a line for each job.") var json = false

    func run() async throws {
        let bytes = try await server.connected { try await $0.answer(PostTraining.jobList.description, [:], body: nil) }
        if json { return Output.write(String(decoding: bytes, as: UTF8.self)) }
        let jobs = try PostTraining.jobList.decodeAnswer(bytes)
        guard !jobs.isEmpty else { return Output.line("no jobs") }
        let rows = jobs.map { job in
            [
                job.jobUUID, job.status.rawValue, (job.completedAt ?? job.startedAt ?? job.scheduledAt).shown,
                job.servedAs ?? "-",
            ]
        }
        Output.write(Table.text([["JOB", "STATUS", "SINCE", "SERVED AS"]] + rows))
    }
}

extension Date? {
    fileprivate var shown: String { map { $0.formatted(.iso8601) } ?? "-" }
}

struct JobStatus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "How a job is doing, and what it runs on.")

    @OptionGroup var options: JobOptions
    @Flag(help: "Print the server's JSON.") var json = false

    func run() async throws {
        let bytes = try await options.answer(PostTraining.jobStatus.description)
        if json { return Output.line(String(decoding: bytes, as: UTF8.self)) }
        let status = try PostTraining.jobStatus.decodeAnswer(bytes)
        var rows = [["job", status.jobUUID], ["status", status.status.rawValue]]
        for (name, date) in [
            ("scheduled", status.scheduledAt), ("started", status.startedAt), ("ended", status.completedAt),
        ] {
            if let date { rows.append([name, date.formatted(.iso8601)]) }
        }
        for member in status.resourcesAllocated?.members ?? [] {
            rows.append([member.key.replacing("_", with: " "), member.value.stringValue ?? member.value.text])
        }
        Output.write(Table.text(rows) + checkpoints(status.checkpoints))
    }
}

struct JobArtifacts: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "artifacts", abstract: "The checkpoints that a job has written.")

    @OptionGroup var options: JobOptions

    func run() async throws {
        let bytes = try await options.answer(PostTraining.jobArtifacts.description)
        Output.write(checkpoints(try PostTraining.jobArtifacts.decodeAnswer(bytes).checkpoints))
    }
}

private func checkpoints(_ checkpoints: [Checkpoint]) -> String {
    guard !checkpoints.isEmpty else { return "no checkpoint yet\n" }
    return Table.text([["STEP", "CHECKPOINT"]] + checkpoints.map { [String($0.iters), $0.path.string] })
}

struct JobLogs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logs", abstract: "A job's log from its first line, followed until it ends.")

    @OptionGroup var options: JobOptions

    func run() async throws {
        try await options.server.connected { connection in
            for try await event in connection.events(
                PostTraining.jobLogs.description, ["job_uuid": options.job], body: nil, options: [:])
            {
                for line in try PostTrainingJobLogStream(json: event, at: .root).logLines { Output.line(line) }
            }
        }
    }
}

struct JobCancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Stop a job; its checkpoints stay.",
        discussion: "One that has ended is left as it is.")

    @OptionGroup var options: JobOptions

    func run() async throws {
        _ = try await options.answer(PostTraining.jobCancel.description)
        Output.line("\(options.job) is cancelled")
    }
}
