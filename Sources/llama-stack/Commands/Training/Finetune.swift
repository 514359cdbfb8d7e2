import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct Finetune: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Train a model on rows of a file, and serve what comes of it.",
        discussion: """
            Rows have a `dialog` or a `text`; with --dpo a `prompt`, what was `chosen` and what was `rejected`. The \
            server keeps the job: ^C asks whether to cancel it or to leave it running. With a distribution the job \
            runs in this command, and one that is left goes on when the distribution is next run.

              llama-stack finetune --dataset routing.jsonl --validation heldout.jsonl --job routing
              llama-stack chat --model smollm2-135m-instruct@routing
            """)

    @Argument(
        help: "A distribution to start for this job; without it, the server at --url is used.",
        completion: .file(extensions: ["yaml", "yml"]))
    var distribution: String?
    @Option(help: "A running stack.") var url = "http://127.0.0.1:8321"
    @Option(help: "The model to train; with a distribution, its first model unless given.") var model: String?
    @OptionGroup var options: FinetuneOptions
    @Option(help: "Write the loss over the steps to this SVG file.", completion: .file(extensions: ["svg"]))
    var svg: String?

    func run() async throws {
        let job = options.jobID
        let (connection, model) = try await connect()
        do {
            let (endpoint, body) = try await options.request(model: model, job: job)
            _ = try await connection.answer(endpoint, [:], body: body)
            var follower = JobFollower(connection: connection, job: job, isLocal: distribution != nil)
            let progress = try await follower.follow()
            if let svg { try Self.write(progress, job: job, to: svg) }
            await connection.close()
        } catch {
            await connection.close()
            throw (error as? CallError).map(Fail.with) ?? error
        }
    }

    private func connect() async throws -> (any StackConnection, model: String) {
        guard let distribution else { return (RemoteStack(url: url), model ?? "llama3_8b_chat") }
        let manifest = try DistributionArgument.manifest(at: distribution)
        let stack = try await RunningStack.start(manifest, LogOutput(format: .text, level: .warning))
        return (LocalStack(stack: stack), model ?? stack.summary.firstModel ?? "")
    }

    private static func write(_ progress: JobProgress, job: String, to path: String) throws {
        func points(_ points: [JobProgress.Point]) -> [LineChart.Point] {
            points.map { LineChart.Point(x: Double($0.step), y: $0.value) }
        }
        let chart = LineChart(
            title: "Loss of \(job)", xTitle: "step", yTitle: "loss a token",
            series: [
                LineChart.Series(name: "training", points: points(progress.losses), isMarked: false),
                LineChart.Series(name: "validation", points: points(progress.validations)),
            ])
        do { try Data(chart.svg.utf8).write(to: URL(fileURLWithPath: path)) } catch {
            throw Fail.with("error: can't write \(path): \(error.localizedDescription)", exitCode: 73)
        }
        Output.line("the curve is in \(path)")
    }
}
