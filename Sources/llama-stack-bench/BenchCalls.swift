import ArgumentParser
import CommandSupport
import Foundation
import Host
import LlamaStackAPI

struct BenchCalls: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "calls",
        abstract: "What a call costs on top of the model: the way through HTTP, the host and the contract.",
        discussion: """
            Serves a distribution on a free port and asks its first model for a completion, one request after the \
            other over one connection; in turn with requests to /health/live, which pass through the same HTTP server \
            and no provider. The difference of the two medians is what host, contract and provider add. Meant for a \
            provider that computes nothing, such as inline::echo.

            With --isolation both, --stream or --concurrency there is no HTTP: the distribution is started twice, with \
            its providers in this process and in processes of their own, and both are measured in turn.
            """)

    @OptionGroup var distribution: DistributionArgument
    @Option(help: "Requests of each kind.") var count = 2000
    @Flag(help: "Count the events of streamed answers instead of timing whole ones.") var stream = false
    @Option(help: "Calls at once.") var concurrency = 1
    @Option(help: "`both` compares providers in this process with providers in their own.") var isolation: Isolation?
    @Flag(help: "Print a JSON object.") var json = false

    enum Isolation: String, ExpressibleByArgument, CaseIterable { case both }

    func validate() throws {
        guard (10...1_000_000).contains(count) else {
            throw ValidationError("--count must be 10 to 1000000, got \(count)")
        }
        guard (1...256).contains(concurrency) else {
            throw ValidationError("--concurrency must be 1 to 256, got \(concurrency)")
        }
    }

    func run() async throws {
        if stream || concurrency > 1 || isolation != nil { return try await compare() }
        let file = distribution.file
        show(
            try await ServedStack.measure(try distribution.manifest()) { stack, port in
                guard let model = stack.summary.firstModel else {
                    throw Fail.with("error: \(file) has no models", exitCode: 78)
                }
                return try await measure(stack, model, port: port)
            })
    }

    private func compare() async throws {
        let comparison = RuntimeComparison(
            manifest: try distribution.manifest(), count: stream ? max(10, count / 100) : count,
            concurrency: concurrency, log: LogOutput(format: .text, level: .warning).sink)
        let rows: [(name: String, figures: RuntimeComparison.Figures)]
        do {
            rows = try await stream ? comparison.streams() : comparison.calls()
        } catch let error as StartFailure {
            throw Fail.with(error)
        }
        let spreads = rows.map {
            (name: $0.name, spread: Spread(stream ? $0.figures.eventsPerSecond : $0.figures.calls))
        }
        let (inline, process) = (spreads[0].spread.median, spreads[1].spread.median)
        if json {
            var object: JSONObject = ["concurrency": .integer(Int64(concurrency))]
            for row in spreads { object[row.name + (stream ? "_events_per_second" : "_us")] = row.spread.json }
            for row in rows { object[row.name + "_start_ms"] = .number(row.figures.startMilliseconds) }
            object[stream ? "ratio" : "added_us"] = .number(stream ? process / inline : process - inline)
            return Output.json(.object(object))
        }
        let unit = stream ? "events/s" : "µs"
        Output.write(Table.text([["", "median", "least", "most", unit]] + spreads.map { [$0.name] + $0.spread.cells }))
        Output.line(
            stream
                ? String(format: "a process of its own: %.2f of the events, %d at once", process / inline, concurrency)
                : String(format: "added by a process of its own: %.1f µs, %d at once", process - inline, concurrency))
    }

    private struct Result {
        var inProcess: [Double] = []
        var health: [Double] = []
        var completion: [Double] = []
    }

    private func measure(_ stack: Stack, _ model: String, port: Int) async throws -> Result {
        let endpoint = Inference.completion.description
        let body = CompletionRequest.line(to: model).json.bytes
        let connection = try HTTPConnection(port: port)
        let health = HTTPConnection.Request(route: "GET /health/live")
        let completion = HTTPConnection.Request(route: "POST \(endpoint.route.path)", body: body)

        var result = Result()
        for round in 0..<count + count / 10 {
            let inProcess = try await Self.microseconds {
                var request = CallRequest(method: endpoint.method)
                request.body = body
                _ = try await stack.call(endpoint, resourceName: model, request: request).collect()
            }
            let live = try await connection.microseconds(of: health)
            let call = try await connection.microseconds(of: completion)
            // The first tenth warms up.
            guard round >= count / 10 else { continue }
            result.inProcess.append(inProcess)
            result.health.append(live)
            result.completion.append(call)
        }
        return result
    }

    private static func microseconds(_ body: () async throws -> Void) async throws -> Double {
        let start = ContinuousClock.now
        try await body()
        return (ContinuousClock.now - start) / .microseconds(1)
    }

    private func show(_ result: Result) {
        let rows = [
            ("call in the process", Spread(result.inProcess)), ("GET /health/live", Spread(result.health)),
            ("POST /inference/completion", Spread(result.completion)),
        ]
        let added = Spread(result.completion).median - Spread(result.health).median
        if json {
            var object = JSONObject()
            for (key, spread) in zip(["in_process_us", "health_us", "completion_us"], rows.map(\.1)) {
                object[key] = spread.json
            }
            object["added_us"] = .number(added)
            Output.json(.object(object))
        } else {
            Output.write(
                Table.text([["", "median", "fastest", "slowest", "µs"]] + rows.map { [$0.0] + $0.1.cells }))
            Output.line(String(format: "added by host, contract and provider: %.1f µs", added))
        }
    }
}

extension CompletionRequest {
    /// A line that is repeated whole. A model that computes may go on to the end of its context, so it is cut short.
    static func line(to model: String) -> CompletionRequest {
        CompletionRequest(content: "One line of text.", model: PretrainedModel(rawValue: model), maxTokens: 16)
    }
}
