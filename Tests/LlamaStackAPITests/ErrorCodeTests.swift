import Testing

@testable import LlamaStackAPI

struct ErrorCodeTests {
    @Test("every code stands once")
    func unique() { #expect(Set(ErrorCode.all.map(\.code)).count == ErrorCode.all.count) }

    @Test("every code is a lower snake word with a status that fits its kind")
    func rows() {
        // lsp_status: 1 bad request … 13 invalid configuration.
        for row in ErrorCode.all {
            #expect(row.code.allSatisfy { $0.isLowercase || $0 == "_" }, "\(row.code)")
            #expect((1...13).contains(row.abiStatus), "\(row.code)")
            #expect((400...599).contains(row.httpStatus), "\(row.code)")
            #expect((64...78).contains(row.exitCode) || row.exitCode == 130, "\(row.code)")
        }
    }

    @Test("every code is found again by its name and status")
    func find() {
        for row in ErrorCode.all { #expect(ErrorCode.find(code: row.code, abiStatus: row.abiStatus) == row) }
    }

    @Test(
        "every status of the contract has a general row, and any other status is internal",
        arguments: 1...13 as ClosedRange<Int32>)
    func general(status: Int32) {
        #expect(ErrorCode.find(code: nil, abiStatus: status).abiStatus == status)
        #expect(ErrorCode.find(code: nil, abiStatus: status + 13) == .internal)
    }

    @Test("a provider's own code keeps its name and takes the statuses of its kind")
    func own() {
        let code = ErrorCode.find(code: "model_is_asleep", abiStatus: 8)
        #expect(code == ErrorCode(code: "model_is_asleep", abiStatus: 8, httpStatus: 503, exitCode: 69))
    }

    @Test("the table is the golden one")
    func golden() throws {
        let lines = ErrorCode.all.map { "\($0.code) | \($0.abiStatus) | \($0.httpStatus) | \($0.exitCode)" }
        try Fixture.expectGolden(lines.joined(separator: "\n") + "\n", "error-codes.txt")
    }
}
