import LlamaStackAPI

/// The settings that a server takes at its start only, by the names that they have in the file.
enum RestartSettings {
    private static let rows: [(name: String, isSame: @Sendable (Manifest, Manifest) -> Bool)] = [
        ("state", { $0.statePath == $1.statePath }),
        ("network", { $0.network == $1.network }),
        ("server.host", { $0.server.host == $1.server.host }),
        ("server.port", { $0.server.port == $1.server.port }),
        ("server.allowed_hosts", { $0.server.allowedHosts == $1.server.allowedHosts }),
        ("server.allowed_origins", { $0.server.allowedOrigins == $1.server.allowedOrigins }),
        ("server.path_prefix", { $0.server.pathPrefix == $1.server.pathPrefix }),
        ("server.playground", { $0.server.hasPlayground == $1.server.hasPlayground }),
        ("server.insecure", { $0.server.isInsecure == $1.server.isInsecure }),
        ("server.limits.body_bytes_max", { $0.server.limits.bodyBytesMax == $1.server.limits.bodyBytesMax }),
        ("server.limits.bodies_bytes_max", { $0.server.limits.bodiesBytesMax == $1.server.limits.bodiesBytesMax }),
        ("server.limits.connections_max", { $0.server.limits.connectionsMax == $1.server.limits.connectionsMax }),
        (
            "server.limits.header_timeout_seconds",
            { $0.server.limits.headerTimeoutSeconds == $1.server.limits.headerTimeoutSeconds }
        ),
        (
            "server.limits.body_timeout_seconds",
            { $0.server.limits.bodyTimeoutSeconds == $1.server.limits.bodyTimeoutSeconds }
        ),
        (
            "server.limits.idle_timeout_seconds",
            { $0.server.limits.idleTimeoutSeconds == $1.server.limits.idleTimeoutSeconds }
        ),
        (
            "server.limits.write_timeout_seconds",
            { $0.server.limits.writeTimeoutSeconds == $1.server.limits.writeTimeoutSeconds }
        ),
        ("server.limits.call_seconds_max", { $0.server.limits.callSecondsMax == $1.server.limits.callSecondsMax }),
        (
            "server.limits.create_seconds_max",
            { $0.server.limits.createSecondsMax == $1.server.limits.createSecondsMax }
        ),
        ("server.limits.drain_seconds", { $0.server.limits.drainSeconds == $1.server.limits.drainSeconds }),
    ]

    static let names = rows.map(\.name)

    /// A warning for each that differs from what the server runs with.
    static func warnings(running: Manifest, file: Manifest) -> [FileDiagnostic] {
        rows.filter { !$0.isSame(running, file) }.map { row in
            file.source.warning(
                file.source.settings[row.name], "needs_restart",
                "'\(row.name)' has changed, which a reload does not apply",
                hint: "restart the server to apply it")
        }
    }

    /// Where they stand in a file.
    static func places(in tree: YAMLNode) -> [String: Position] {
        names.reduce(into: [:]) { places, name in
            var node = tree
            for step in name.split(separator: ".") {
                guard case .mapping(let members) = node.content,
                    let member = members.first(where: { $0.key == String(step) })
                else { return }
                places[name] = member.keyPosition
                node = member.value
            }
        }
    }
}
