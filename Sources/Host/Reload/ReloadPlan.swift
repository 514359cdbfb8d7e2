import LlamaStackAPI
import Networking

/// The work of a reload: the difference between the running distribution and the file as it is now.
struct ReloadPlan: Sendable, Equatable {
    /// Everything that an instance is created from. When it has not changed, the instance is kept.
    struct Facts: Sendable, Equatable {
        var type: String
        /// Absolute.
        var library: String
        /// The library file's stamp when it was opened; nil for an inline provider, whose loaded code stays.
        var stamp: FileStamp?
        /// nil: it runs in the server's process.
        var process: IsolationSettings?
        var config: JSON
        /// The servers that it may reach by the file, its resources' among them.
        var origins: Set<NetworkOrigin>

        init(
            type: String, library: String, stamp: FileStamp?, process: IsolationSettings?, config: JSON,
            origins: [NetworkOrigin] = []
        ) {
            (self.type, self.library, self.process) = (type, library, process)
            self.origins = Set(origins)
            self.stamp = process == nil ? nil : stamp
            self.config = config.sortedByKey
        }

        /// The names of what differs, as the file has them.
        func changes(since old: Facts) -> [String] {
            var changes: [String] = []
            if type != old.type { changes.append("provider_type") }
            if library != old.library {
                changes.append("library")
            } else if let stamp, let oldStamp = old.stamp, stamp != oldStamp {
                changes.append("the library's file")
            }
            if config != old.config {
                changes.append("config")
            } else if origins != old.origins {
                changes.append("the servers of its resources")
            }
            guard let process, let oldProcess = old.process else {
                return process == old.process ? changes : changes + ["isolation"]
            }
            if process.restart != oldProcess.restart { changes.append("restart") }
            if process.cancelSeconds != oldProcess.cancelSeconds { changes.append("cancel_seconds") }
            if process.environment != oldProcess.environment { changes.append("environment") }
            if process.limits != oldProcess.limits { changes.append("limits") }
            return changes
        }
    }

    struct Provider: Sendable, Equatable {
        /// "inference/cpu".
        var label: String
        var facts: Facts
        /// It does not serve, and would not by itself soon.
        var isDown = false
    }

    enum Change: Sendable, Equatable {
        case kept
        case new
        /// The names of what differs.
        case changed([String])
        /// The same, but it does not serve: it is started anew.
        case down
    }

    /// The change to each of the file's providers, by label.
    let changes: [String: Change]
    /// Labels, in the order in which they are stopped: those that need others first.
    let gone: [String]
    let resources: ResourcePlan

    /// - Parameters:
    ///   - running: in the order in which they were started.
    ///   - served: the resources of the file that are served now.
    init(running: [Provider], wanted: [Provider], served: [KnownResource], listed: [KnownResource]) {
        let old = Dictionary(running.map { ($0.label, $0) }) { first, _ in first }
        var changes: [String: Change] = [:]
        for provider in wanted {
            guard let before = old[provider.label] else {
                changes[provider.label] = .new
                continue
            }
            let differing = provider.facts.changes(since: before.facts)
            changes[provider.label] = differing.isEmpty ? (before.isDown ? .down : .kept) : .changed(differing)
        }
        self.changes = changes
        gone = running.map(\.label).filter { changes[$0] == nil }.reversed()
        resources = ResourcePlan(served: served, listed: listed)
    }
}

/// The same of the resources that the file lists.
struct ResourcePlan: Sendable, Equatable {
    typealias Key = KnownResource.Key

    enum Change: Sendable, Equatable {
        case kept
        case new
        /// Its provider is told again.
        case changed
        /// Its aliases alone, which are the host's affair.
        case renamed
        /// Another provider serves it now.
        case moved(from: String)
    }

    let changes: [Key: Change]
    /// Those that adapt others first.
    let gone: [Key]

    init(served: [KnownResource], listed: [KnownResource]) {
        let old = Dictionary(served.map { ($0.key, $0) }) { first, _ in first }
        var changes: [Key: Change] = [:]
        for resource in listed {
            guard let before = old[resource.key] else {
                changes[resource.key] = .new
                continue
            }
            if before.providerID != resource.providerID {
                changes[resource.key] = .moved(from: before.providerLabel)
            } else if JSON.object(before.body).sortedByKey != JSON.object(resource.body).sortedByKey {
                changes[resource.key] = .changed
            } else {
                changes[resource.key] = before.aliases == resource.aliases ? .kept : .renamed
            }
        }
        // What adapts another lies on it: a base that is told again takes its adapters along.
        for resource in listed where [.kept, .renamed].contains(changes[resource.key]) {
            let base = resource.base.map { Key(kind: resource.kind, api: resource.api, id: $0) }
            if let base, changes[base] == .changed { changes[resource.key] = .changed }
        }
        self.changes = changes
        gone = (served.filter { $0.base != nil } + served.filter { $0.base == nil }).map(\.key)
            .filter { changes[$0] == nil }
    }
}

extension JSON {
    /// The order of keys means nothing in a config.
    fileprivate var sortedByKey: JSON {
        switch self {
        case .array(let items): .array(items.map(\.sortedByKey))
        case .object(let object):
            .object(
                object.members.sorted { $0.key < $1.key }.reduce(into: JSONObject()) {
                    $0[$1.key] = $1.value.sortedByKey
                })
        default: self
        }
    }
}

extension Launcher.Prepared {
    /// - Parameter launcher: of the entry's file.
    func facts(_ launcher: Launcher) -> ReloadPlan.Facts {
        ReloadPlan.Facts(
            type: entry.providerType, library: libraryPath, stamp: stamp, process: entry.process,
            config: ConfigPlaces(entry, launcher.manifest.source, schema: descriptor.configSchema).json,
            origins: launcher.origins(of: entry, descriptor))
    }
}
