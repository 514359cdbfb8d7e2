import Foundation

/// The measurements of the front, on a server that runs: each of two things in turn, in a number of rounds.
struct FrontMeasurement: Sendable {
    /// A port of the stack's front, and of a bare server that answers the same bytes.
    let port: Int
    let barePort: Int
    /// The ids of a real model, and of one that echoes.
    let model: String
    let echo: String
    let rounds: Int
    /// Calls told of what is measured next.
    let note: @Sendable (String) -> Void

    private static let connections = 16

    private func clients(_ count: Int, _ port: Int) throws -> [LoadClient] {
        try (0..<count).map { _ in try LoadClient(port: port) }
    }

    /// Measures both in each round, the first of them first in every second.
    private func inTurn(
        _ row: FrontRow, _ value: @Sendable (Int) async throws -> Double, beside: @Sendable (Int) async throws -> Double
    ) async throws -> FrontRow {
        var row = row
        for round in 0..<rounds {
            note("\(row.key): round \(round + 1) of \(rounds)")
            let other: Double? = round % 2 == 0 ? try await beside(round) : nil
            let own = try await value(round)
            if let other { row.add(own, beside: other) } else { row.add(own, beside: try await beside(round)) }
        }
        return row
    }

    // MARK: A real model

    /// Milliseconds to the first token of a prompt whose keys and values are there, so that the rest of the way shows.
    func firstToken(kilobytes: Int, must: Double, aim: Double) async throws -> FrontRow {
        let pair = FrontBodies.chat(model, kilobytes: kilobytes, tokens: 2, stream: true)
        let client = try LoadClient(port: port)
        let draft = client.request(FrontBodies.draftRoute, pair.draft)
        let openAI = client.request(FrontBodies.openAIRoute, pair.openAI)
        for request in [draft, openAI] { _ = try await Load.seconds([client]) { _ = try $1.stream(request, first: 1) } }
        let (draftTimes, ownTimes) = (Samples(), Samples())
        var row = FrontRow(
            key: "first_token_\(kilobytes)_kb", name: "first token, \(kilobytes) KB of messages", unit: "ms",
            figure: .added(must: must, aim: aim))
        for round in 0..<rounds {
            note("\(row.key): round \(round + 1) of \(rounds)")
            _ = try await Load.seconds([client]) { _, client in
                for _ in 0..<20 {
                    draftTimes.add(try client.stream(draft, first: 1).first * 1000)
                    // The first event has the role.
                    ownTimes.add(try client.stream(openAI, first: 2).first * 1000)
                }
            }
            row.add(ownTimes.take().median, beside: draftTimes.take().median)
        }
        return row
    }

    /// Answers a second. They are the same text on both routes, so this is the ratio of their tokens a second too.
    func tokens(clients count: Int) async throws -> FrontRow {
        let clients = try clients(count, port)
        let pairs = (0..<count).map {
            FrontBodies.chat(model, "Tell a long story of the number \($0).", tokens: 128, stream: true)
        }
        let draft = zip(clients, pairs).map { $0.request(FrontBodies.draftRoute, $1.draft) }
        let openAI = zip(clients, pairs).map { $0.request(FrontBodies.openAIRoute, $1.openAI) }
        @Sendable func rate(_ requests: [[UInt8]]) async throws -> Double {
            let repeats = count == 1 ? 4 : 1
            let seconds = try await Load.seconds(clients) { index, client in
                for _ in 0..<repeats { _ = try client.stream(requests[index], first: 1) }
            }
            return Double(count * repeats) / seconds
        }
        for requests in [draft, openAI] { _ = try await rate(requests) }
        return try await inTurn(
            FrontRow(
                key: "answers_\(count)_clients", name: "answers of 128 tokens, \(count) client\(count == 1 ? "" : "s")",
                unit: "1/s", figure: .ratio(must: 0.98, aim: 0.995)),
            { _ in try await rate(openAI) }, beside: { _ in try await rate(draft) })
    }

    /// Eight answers to one prompt beside one: when the first text of the last comes, and the tokens a second.
    ///
    /// - Parameters:
    ///   - must: the tokens of eight together over those of one; it depends on the instruction set.
    func manyAnswers(must: Double, aim: Double) async throws -> [FrontRow] {
        let client = try LoadClient(port: port)
        let tokens = 64
        var first = FrontRow(
            key: "first_token_n_8", name: "first token of n = 8, beside n = 1", unit: "ms",
            figure: .ratioAtMost(must: 1.3, aim: 1.1))
        var speed = FrontRow(
            key: "tokens_n_8", name: "tokens of n = 8, beside n = 1", unit: "1/s", figure: .ratio(must: must, aim: aim))
        for round in 0..<rounds {
            note("\(first.key): round \(round + 1) of \(rounds)")
            let results = Samples()
            _ = try await Load.seconds([client]) { _, client in
                for (order, count) in [8, 1].enumerated() {
                    // A prompt that no request before had.
                    let prompt = "\(round) \(order). " + String(repeating: "word ", count: 490)
                    let body = FrontBodies.answers(model, count, prompt: prompt, tokens: tokens, seed: round)
                    // Each answer has an event with its role before.
                    let times = try client.stream(client.request(FrontBodies.openAIRoute, body), first: count + 1)
                    results.add(times.first * 1000)
                    results.add(Double(count * tokens) / (times.last - times.first))
                }
            }
            let values = results.all
            first.add(values[0], beside: values[2])
            speed.add(values[1], beside: values[3])
        }
        return [first, speed]
    }

    // MARK: No model

    /// Microseconds for an event of a long stream.
    func event(count: Int = 100_000) async throws -> FrontRow {
        let pair = FrontBodies.chat(echo, String(repeating: "a ", count: count), tokens: 0, stream: true)
        let client = try LoadClient(port: port)
        @Sendable func microseconds(_ request: [UInt8]) async throws -> Double {
            try await Load.seconds([client]) { _ = try $1.stream(request, first: 1) } * 1_000_000 / Double(count)
        }
        let draft = client.request(FrontBodies.draftRoute, pair.draft)
        let openAI = client.request(FrontBodies.openAIRoute, pair.openAI)
        return try await inTurn(
            FrontRow(
                key: "event", name: "one of \(count) events of a stream", unit: "µs", figure: .added(must: 8, aim: 2)),
            { _ in try await microseconds(openAI) }, beside: { _ in try await microseconds(draft) })
    }

    /// Requests a second of a route beside the bare one.
    func requests(_ key: String, _ route: String, _ body: [UInt8]?, must: Double, aim: Double) async throws -> FrontRow
    {
        let ours = try clients(Self.connections, port), bare = try clients(Self.connections, barePort)
        @Sendable func rate(_ clients: [LoadClient], _ bareRoute: String? = nil) async throws -> Double {
            let requests = clients.map { $0.request(bareRoute ?? route, body) }
            let each = 500
            let seconds = try await Load.seconds(clients) { index, client in
                for _ in 0..<each { try client.ask(requests[index]) }
            }
            return Double(clients.count * each) / seconds
        }
        for clients in [ours, bare] { _ = try await rate(clients) }
        return try await inTurn(
            FrontRow(
                key: key, name: route + (body == nil ? "" : ", echo") + ", beside bare", unit: "1/s",
                figure: .ratio(must: must, aim: aim)),
            { _ in try await rate(ours) }, beside: { _ in try await rate(bare) })
    }

    /// Requests a second of another server's list of models, beside the bare one. It ends a connection after a number
    /// of requests.
    func peerModels(_ peerPort: Int, _ bareRoute: String) async throws -> FrontRow {
        let bare = try clients(Self.connections, barePort)
        let (rounds, each) = (10, 50)
        @Sendable func bareRate() async throws -> Double {
            let requests = bare.map { $0.request(bareRoute) }
            let seconds = try await Load.seconds(bare) { index, client in
                for _ in 0..<rounds * each { try client.ask(requests[index]) }
            }
            return Double(bare.count * rounds * each) / seconds
        }
        @Sendable func peerRate() async throws -> Double {
            let first = try clients(Self.connections, peerPort)
            let seconds = try await Load.seconds(first) { _, client in
                for round in 0..<rounds {
                    let client = round == 0 ? client : try LoadClient(port: peerPort)
                    let request = client.request("GET /v1/models")
                    for _ in 0..<each { try client.ask(request) }
                }
            }
            return Double(first.count * rounds * each) / seconds
        }
        _ = try await peerRate()
        return try await inTurn(
            FrontRow(key: "peer_models", name: "llama-server's GET /v1/models, beside bare", unit: "1/s", figure: .told),
            { _ in try await peerRate() }, beside: { _ in try await bareRate() })
    }
}

/// Measurements that threads add to.
private final class Samples: @unchecked Sendable {
    private let lock = NSLock()
    private var values: [Double] = []

    var all: [Double] { lock.withLock { values } }
    func add(_ value: Double) { lock.withLock { values.append(value) } }

    /// All, which are then forgotten.
    func take() -> Spread {
        lock.withLock {
            defer { values = [] }
            return Spread(values)
        }
    }
}
