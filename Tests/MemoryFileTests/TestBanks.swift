import BankFixtures
import Torture

func withServer<Result>(
    config: String = "{}", network: String = "{}", _ body: (BankServer, _ state: String) async throws -> Result
) async throws -> Result { try await BankKind.file.withServer(config: config, network: network, body) }
