import Foundation
import MemoryBanks
import MemoryFile
import MemoryPgvector
import ProviderKit
import Torture
import VectorIndex

/// The providers of memory banks, for tests that hold for each.
package enum BankKind: String, CaseIterable, Sendable, CustomStringConvertible {
    case file = "inline::file"
    case pgvector = "remote::pgvector"

    package var description: String { rawValue }

    /// A server of memory banks on a folder of its own, which is deleted at the end.
    package func withServer<Result>(
        config: String = "{}", network: String = "{}", _ body: (BankServer, _ state: String) async throws -> Result
    ) async throws -> Result {
        try await withFolder { state in
            if self == .pgvector { await Turns.shared.begin() }
            let outcome: Swift.Result<Result, any Error>
            do { outcome = .success(try await run(state, config, network, body)) } catch { outcome = .failure(error) }
            if self == .pgvector { await Turns.shared.end() }
            return try outcome.get()
        }
    }

    private func run<Result>(
        _ state: String, _ config: String, _ network: String,
        _ body: (BankServer, _ state: String) async throws -> Result
    ) async throws -> Result {
        let server = try await server(state, config, network: network)
        do {
            let result = try await body(server, state)
            await server.stop()
            return result
        } catch {
            await server.stop()
            throw error
        }
    }

    /// - Parameter schema: where it is not named after the folder. A second start finds what the first has left.
    package func server(
        _ state: String, _ config: String = "{}", network: String = "{}", schema: String? = nil
    ) async throws -> BankServer {
        guard self == .pgvector else { return try await BankServer(state: state, config: config, network: network) }
        let more = String(config.dropFirst().dropLast())
        return try await BankServer(
            state: state, config: try SharedServer.get().config(schema: schema ?? schemaName(state), more),
            network: network, provider: rawValue)
    }

    /// The provider with these embeddings and no host, on what the folder names.
    ///
    /// - Parameter exactMax: up to this number of vectors are compared one by one.
    package func withBanks<Result>(
        _ state: String, _ embedder: (any Embedder)?, exactMax: Int = 20_000,
        _ body: (any MemoryBanksProvider) async throws -> Result
    ) async throws -> Result {
        let banks: any MemoryBanksProvider =
            switch self {
            case .file: try await fileBanks(state, embedder, exactMax: exactMax)
            case .pgvector:
                try await postgresBanks(
                    schemaName(state), embedder,
                    ["exact_chunks_max": .integer(Int64(exactMax)), "hnsw_ef_search": exactMax == 0 ? 10 : 100])
            }
        do {
            let result = try await body(banks)
            await banks.shutdown()
            return result
        } catch {
            await banks.shutdown()
            throw error
        }
    }
}

package func fileBanks(
    _ state: String, _ embedder: (any Embedder)?, exactMax: Int = 20_000
) async throws -> MemoryFileProvider {
    var options = VectorIndex.Options()
    options.exactMax = max(10, exactMax)
    let configuration = try MemoryFileConfiguration(json: [:], at: .root)
    let context = ProviderContext(providerID: "test", statePath: state)
    let store = try await FileBanks.open(configuration, context, model: embedder?.model, options)
    return try await MemoryFileProvider(store, configuration, context, embedder)
}

/// On a schema of the shared server.
package func postgresBanks(
    _ schema: String, _ embedder: (any Embedder)?, _ more: JSONObject = [:]
) async throws -> MemoryPgvectorProvider {
    let configuration = try postgresConfiguration(schema, more)
    let context = ProviderContext(providerID: "test")
    let store = try await PostgresBanks.open(configuration, context, model: embedder?.model)
    return try await MemoryPgvectorProvider(store, configuration, context, embedder)
}

package func postgresConfiguration(
    _ schema: String, _ more: JSONObject = [:]
) throws -> MemoryPgvectorConfiguration {
    var json: JSONObject = [
        "host": .string(try SharedServer.get().folder), "user": "postgres", "database": "postgres",
        "schema": .string(schema),
    ]
    for member in more.members { json[member.key] = member.value }
    return try MemoryPgvectorConfiguration(json: .object(json), at: .root)
}

/// The server of this process, for all tests that do not break it. Each test has a schema of its own in it.
package enum SharedServer {
    private static let server = Result { try PostgresServer(settings: ["fsync=off", "max_connections=300"]) }

    package static func get() throws -> PostgresServer { try server.get() }
}

package func schemaName(_ folder: String) -> String {
    "t_" + folder.suffix(12).lowercased().map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
}

/// Lets two tests at a time have a server: how soon one answers is part of what is tested.
private actor Turns {
    static let shared = Turns()
    private var left = 2
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func begin() async {
        if left > 0 {
            left -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func end() {
        if waiting.isEmpty { left += 1 } else { waiting.removeFirst().resume() }
    }
}
