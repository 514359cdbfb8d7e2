import ChildProcess
import LlamaStackAPI

/// How an entry's code is run, as it stands in the file.
struct RawIsolation: Sendable {
    /// nil: as the distribution says.
    var isolation: Placed<String>?
    var restart: Placed<RestartPolicy>?
    var cancelSeconds: Placed<Double>?
    var environment: Placed<[String]>?
    var limits: Placed<ResourceLimits>?

    /// The keys that concern a process, for the error when there is none.
    var ofProcess: [(key: String, position: Position)] {
        [
            ("restart", restart?.position), ("cancel_seconds", cancelSeconds?.position),
            ("environment", environment?.position), ("limits", limits?.position),
        ].compactMap { key, position in position.map { (key, $0) } }
    }
}

extension ManifestKeys {
    static let isolationWords = ["inline", "process"]

    static let isolation = ValueReader<String>("inline or process") { node, name, diagnostics in
        if case .scalar(let scalar) = node.content, scalar.text == "sandbox" {
            diagnostics.add(
                node.position, "not_available", "'isolation: sandbox' does not exist yet",
                hint: "'isolation: process' gives it a process of its own with limits; it can still read what you can")
            return nil
        }
        return ValueReader.word(isolationWords).read(node, name, diagnostics)
    }.placed

    static let restart = Section(
        "'restart'",
        { (crashesMax: Int, withinSeconds: Double, firstSeconds: Double, longestSeconds: Double) in
            var policy = RestartPolicy()
            policy.crashesMax = crashesMax
            policy.withinSeconds = withinSeconds
            policy.firstSeconds = firstSeconds
            policy.longestSeconds = longestSeconds
            return policy
        },
        Key(
            "crashes_max", .integer(0...1000), default: RestartPolicy().crashesMax,
            "After this many crashes within `within_seconds` it stays down; 0: it is always started again"),
        Key("within_seconds", .seconds(1...86_400), default: RestartPolicy().withinSeconds, "See `crashes_max`"),
        Key(
            "first_seconds", .seconds(0.01...3600), default: RestartPolicy().firstSeconds,
            "The wait before it is started again; each further one is twice as long"),
        Key("longest_seconds", .seconds(0.01...3600), default: RestartPolicy().longestSeconds, "The longest wait"))

    static let processLimits = Section(
        "'limits'",
        { (memory: Int?, cpus: Double?, processes: Int?, files: Int?, isBestEffort: Bool) in
            ResourceLimits(
                memoryBytes: memory, cpus: cpus, processes: processes, files: files, isBestEffort: isBestEffort)
        },
        Key("memory", ValueReader.byteSize.optional, default: nil, as: "none", "What it may hold: `2GiB`, `512MiB`"),
        Key("cpus", ValueReader.number(0.01...1024).optional, default: nil, as: "none", "Processors: `1.5`"),
        Key(
            "processes", ValueReader.integer(1...1_000_000).optional, default: nil, as: "none",
            "Processes and threads together"),
        Key("files", ValueReader.integer(16...1_000_000).optional, default: nil, as: "none", "Open descriptors"),
        Key("best_effort", .boolean, default: false, "Warn of a limit that this machine can't hold, and start"))

    /// The keys of isolation, which an entry has beside its others.
    static let isolationKeys = (
        isolation: Key(
            "isolation", isolation.optional, default: nil, as: "the distribution's",
            "Where its code runs: in this process, or in one of its own"),
        restart: Key(
            "restart", ValueReader("mapping") { restart.read($0, $2) }.placed.optional, default: nil,
            as: "the defaults below", "When it is started again after a crash; for `isolation: process`"),
        cancelSeconds: Key(
            "cancel_seconds", ValueReader.seconds(0.1...3600).placed.optional, default: nil, as: "10",
            "A cancel that is not obeyed within this time ends its process"),
        environment: Key(
            "environment", ValueReader.list(of: ValueReader.string(), "list of names").placed.optional, default: nil,
            as: "none", "Names of the environment that its process gets beside PATH, HOME, LANG and TZ"),
        limits: Key(
            "limits", ValueReader("mapping") { processLimits.read($0, $2) }.placed.optional, default: nil, as: "none",
            "What its process may use")
    )
}

extension ValueReader where Value == Int {
    static var byteSize: Self {
        Self("bytes, like 2GiB") { node, name, diagnostics in
            if case .scalar(let scalar) = node.content {
                switch scalar.value {
                case .integer(let value) where value > 0: return Int(exactly: value)
                case .string(let text):
                    if let bytes = try? ByteSize.parse(text), bytes > 0 { return bytes }
                default: break
                }
            }
            diagnostics.add(
                node.position, "bad_value", "'\(name)' must be a number of bytes like 512MiB or 2GiB, got \(node.found)"
            )
            return nil
        }
    }
}
