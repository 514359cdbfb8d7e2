import LlamaStackAPI
import ProviderConformance
import Testing

/// The life of what a provider keeps: made, refused when it is made again, read, deleted, and gone.
struct KeepingTests {
    static let check = "keeps what it is given until it is deleted"
    static let shown = [check]

    @Test func `a provider that keeps datasets passes each step`() async throws {
        let report = await ConformanceKit.run(
            try ConformanceKit.faults(), fault: "datasets", only: [Self.check])
        #expect(report.results.filter { $0.outcome != .passed }.map(\.description) == [])
        #expect(
            report.results.map(\.subject) == [
                "get of one that there is not", "create", "create of one that there is", "get", "delete",
                "get of one that was deleted", "delete of one that was deleted",
            ])
    }

    static let faults: [(fault: String, subjects: [String])] = [
        ("datasets made twice", ["create of one that there is"]),
        (
            "datasets never gone",
            ["get of one that there is not", "get of one that was deleted", "delete of one that was deleted"]
        ),
        ("datasets changed", ["get"]),
    ]

    @Test(arguments: faults)
    func `each fault is told at its step`(_ fault: String, _ subjects: [String]) async throws {
        let report = await ConformanceKit.run(try ConformanceKit.faults(), fault: fault, only: [Self.check])
        #expect(report.failed.map(\.subject) == subjects, "\(report.results)")
    }

    /// The tests' own library answers by script, not by what it keeps: that every API's samples reach it is what
    /// counts.
    @Test func `a sample of every method of every API is sent`() async throws {
        let report = await ConformanceKit.run(
            ConformanceKit.products + "/libscripted-provider.so",
            only: [
                "answers each method whole, as its schema says", "streams each method that streams, as its schema says",
                Self.check,
            ], seconds: 10)
        for api in API.allCases {
            let results = report.results.filter {
                $0.provider == "\(api.rawValue) inline::scripted" && !$0.subject.isEmpty
            }
            #expect(!results.isEmpty, "\(api): \(report.results)")
        }
    }
}
