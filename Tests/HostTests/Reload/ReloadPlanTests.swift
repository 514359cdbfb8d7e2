import LlamaStackAPI
import Testing

@testable import Host
@testable import Runtimes

/// What a reload finds that it has to do.
struct ReloadPlanTests {
    private static func provider(
        _ label: String, config: JSON = [:], library: String = "/a.so", stamp: FileStamp? = nil,
        process: IsolationSettings? = nil, isDown: Bool = false
    ) -> ReloadPlan.Provider {
        ReloadPlan.Provider(
            label: label,
            facts: ReloadPlan.Facts(
                type: "inline::a", library: library, stamp: stamp, process: process, config: config),
            isDown: isDown)
    }

    private static func plan(_ running: [ReloadPlan.Provider], _ wanted: [ReloadPlan.Provider]) -> ReloadPlan {
        ReloadPlan(running: running, wanted: wanted, served: [], listed: [])
    }

    private static func model(
        _ id: String, _ provider: String = "cpu", aliases: [String] = [], base: String? = nil, path: String = "/m"
    ) -> KnownResource {
        KnownResource(
            kind: .model, api: .inference, id: id, providerID: provider, aliases: aliases, base: base,
            body: ["kind": "model", "id": .string(id), "path": .string(path)], isAnnounced: false)
    }

    private static func key(_ id: String) -> ResourcePlan.Key { model(id).key }

    @Test("what is new, gone and kept is told apart, and what went stops in the reverse order of its start")
    func newAndGone() {
        let plan = Self.plan(
            [Self.provider("inference/a"), Self.provider("inference/b"), Self.provider("datasets/c")],
            [Self.provider("inference/a"), Self.provider("inference/d")])
        #expect(plan.changes == ["inference/a": .kept, "inference/d": .new])
        #expect(plan.gone == ["datasets/c", "inference/b"])
    }

    @Test("the order of keys in a config means nothing")
    func order() {
        let old = Self.provider("a/a", config: ["x": ["p": 1, "q": 2], "y": 3])
        let new = Self.provider("a/a", config: ["y": 3, "x": ["q": 2, "p": 1]])
        #expect(Self.plan([old], [new]).changes == ["a/a": .kept])
    }

    @Test("each part that differs is named")
    func parts() throws {
        let ours = try #require(FileStamp(path: #filePath)), other = try #require(FileStamp(path: "/"))
        var settings = IsolationSettings()
        settings.cancelSeconds = 3
        settings.environment = ["KEY"]
        settings.restart.crashesMax = 1
        settings.limits.memoryBytes = 1 << 30
        let process = IsolationSettings()
        let cases: [(ReloadPlan.Provider, ReloadPlan.Provider, [String])] = [
            (Self.provider("a/a"), Self.provider("a/a", config: ["x": 1]), ["config"]),
            (Self.provider("a/a"), Self.provider("a/a", library: "/b.so"), ["library"]),
            (Self.provider("a/a"), Self.provider("a/a", process: process), ["isolation"]),
            (Self.provider("a/a", process: process), Self.provider("a/a"), ["isolation"]),
            (
                Self.provider("a/a", process: process), Self.provider("a/a", process: settings),
                ["restart", "cancel_seconds", "environment", "limits"]
            ),
            (
                Self.provider("a/a", stamp: ours, process: process),
                Self.provider("a/a", stamp: other, process: process),
                ["the library's file"]
            ),
        ]
        for (old, new, names) in cases { #expect(Self.plan([old], [new]).changes == ["a/a": .changed(names)]) }
    }

    @Test("a file that changed is no reason where its code stays in the server's process")
    func inlineFile() throws {
        let ours = try #require(FileStamp(path: #filePath)), other = try #require(FileStamp(path: "/"))
        #expect(
            Self.plan([Self.provider("a/a", stamp: ours)], [Self.provider("a/a", stamp: other)]).changes == [
                "a/a": .kept
            ])
    }

    @Test("one that is down is started anew, and a change of it counts first")
    func down() {
        let old = Self.provider("a/a", isDown: true)
        #expect(Self.plan([old], [Self.provider("a/a")]).changes == ["a/a": .down])
        #expect(Self.plan([old], [Self.provider("a/a", config: ["x": 1])]).changes == ["a/a": .changed(["config"])])
    }

    @Test("a resource is kept, new, changed, renamed, moved or gone")
    func resources() {
        let plan = ResourcePlan(
            served: [
                Self.model("kept"), Self.model("changed"), Self.model("renamed"), Self.model("moved"),
                Self.model("gone"),
                Self.model("adapter", base: "gone"),
            ],
            listed: [
                Self.model("kept"), Self.model("changed", path: "/n"), Self.model("renamed", aliases: ["other"]),
                Self.model("moved", "gpu"), Self.model("new"),
            ])
        #expect(
            plan.changes == [
                Self.key("kept"): .kept, Self.key("changed"): .changed, Self.key("renamed"): .renamed,
                Self.key("moved"): .moved(from: "inference/cpu"), Self.key("new"): .new,
            ])
        #expect(plan.gone == [Self.key("adapter"), Self.key("gone")])
    }

    @Test("a base that changed takes its adapters along")
    func adapters() {
        let adapter = Self.model("adapter", base: "base")
        let plan = ResourcePlan(
            served: [Self.model("base"), adapter], listed: [Self.model("base", path: "/n"), adapter])
        #expect(plan.changes[Self.key("adapter")] == .changed)
    }

    @Test("a setting of the server that differs is a warning at its line")
    func settings() throws {
        let yaml = "version: 1\nproviders: {}\nserver:\n  port: 1\n  limits: {drain_seconds: 1}\n"
        let old = try distribution(yaml)
        let new = try distribution(
            yaml.replacing("port: 1", with: "port: 2").replacing("_seconds: 1", with: "_seconds: 2"))
        let warnings = RestartSettings.warnings(running: old, file: new)
        #expect(
            warnings.map(\.description) == [
                "test.yaml:4:3: warning: 'server.port' has changed, which a reload does not apply\n"
                    + "  hint: restart the server to apply it",
                "test.yaml:5:12: warning: 'server.limits.drain_seconds' has changed, which a reload does not apply\n"
                    + "  hint: restart the server to apply it",
            ])
        #expect(RestartSettings.warnings(running: old, file: old).isEmpty)
    }

    @Test("every setting of the server is compared")
    func everySetting() {
        let sections = Dictionary(
            uniqueKeysWithValues: Manifest.documentation.map { ($0.section, $0.rows.map(\.name)) })
        let server = (sections["server"] ?? []).filter { $0 != "limits" }.map { "server.\($0)" }
        let limits = (sections["server.limits"] ?? []).map { "server.limits.\($0)" }
        #expect(Set(RestartSettings.names) == Set(["state", "network"] + server + limits))
    }
}
