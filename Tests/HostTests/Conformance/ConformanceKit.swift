import Foundation
import LlamaStackAPI
import ProviderConformance

/// Tests wait for their turn: a hundred of them at once would wait for processors, and take that for a provider's
/// fault.
actor Turns {
    static let atMostThree = Turns(3)

    private var free: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(_ count: Int) { free = count }

    func take<Value: Sendable>(_ body: @Sendable () async -> Value) async -> Value {
        if free > 0 { free -= 1 } else { await withCheckedContinuation { waiting.append($0) } }
        let value = await body()
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
        return value
    }
}

/// The kit as the tests run it: the checks in processes of the `llama-stack` that the build left beside the tests.
enum ConformanceKit {
    static let products = Bundle.main.executableURL?.deletingLastPathComponent().path ?? "."

    static func run(
        _ library: String, fault: String = "", only: [String]? = nil, seconds: Double = 20, resources: [JSON] = [],
        config: JSON = [:], isolation: ConformanceSuite.Isolation = .inline
    ) async -> ConformanceReport {
        var suite = ConformanceSuite(
            library: library, config: config, resources: resources, secondsMax: seconds)
        suite.executable = products + "/llama-stack"
        suite.environment = fault.isEmpty ? [:] : ["FAULT": fault]
        suite.only = only
        suite.isolation = isolation
        return await Turns.atMostThree.take { [suite] in await suite.run() }
    }

    /// The provider of many faults, built once.
    static func faults() throws -> String {
        let echo = ProbeLibrary.root + "/Plugins/EchoC"
        return try ProbeLibrary.build(
            [], source: ProbeLibrary.root + "/Tests/Fixtures/broken-providers/faults.c",
            more: ["-fvisibility=hidden", "-w", "-I", echo, echo + "/json.c", echo + "/requests.c"])
    }
}
