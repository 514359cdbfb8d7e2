import Foundation
import Testing

@testable import LlamaStackAPI

struct ContractTests {
    private let contract: JSON

    init() throws { contract = try Fixture.json("contract.json") }

    @Test("the document and the JSON Schemas are the contract's")
    func agrees() {
        let differences = ContractCheck.differences(contract: contract)
        #expect(differences.isEmpty, "\(differences.count) differences:\n\(differences.joined(separator: "\n"))")
    }

    @Test("the check sees a route, a type, a default and a required field that are not the contract's")
    func checkCanFail() throws {
        let changes = [
            (#""method":"DELETE","tag":"AgenticSystem""#, #""method":"PUT","tag":"AgenticSystem""#),
            (#""top_k":{"type":"integer""#, #""top_k":{"type":"number""#),
            (#""max_tokens":{"type":"integer","default":0"#, #""max_tokens":{"type":"integer","default":1"#),
            (#""openapi_required":["url","mime_type"]"#, #""openapi_required":["url"]"#),
            (#""adamw","#, ""),
        ]
        for (from, to) in changes {
            try #require(contract.text.contains(from))
            let changed = try JSON(parsing: contract.text.replacingOccurrences(of: from, with: to))
            #expect(!ContractCheck.differences(contract: changed).isEmpty, "\(from) → \(to)")
        }
    }
}
