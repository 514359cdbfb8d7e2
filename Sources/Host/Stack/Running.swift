import LlamaStackAPI

/// The running providers of a stack, each with the entry that it was created from.
struct Running: Sendable {
    /// The file as it was read last, but for the settings that a reload does not apply.
    var manifest: Manifest
    /// In the order in which they were started.
    var providers: [RunningProvider]
    /// Fires at the end of the reload that is under way.
    var reload: Once<Void>?

    subscript(label: String) -> RunningProvider? { providers.first { $0.label == label } }
}

/// A provider of a running stack.
struct RunningProvider: Sendable {
    var prepared: Launcher.Prepared
    /// It was made by this one, and can be made again.
    var launcher: Launcher
    let slot: InstanceSlot

    /// - Parameter waitSeconds: how long a call waits for it while it is created again.
    init(prepared: Launcher.Prepared, launcher: Launcher, channel: any Channel, waitSeconds: Double) {
        (self.prepared, self.launcher) = (prepared, launcher)
        slot = InstanceSlot(channel, label: prepared.entry.label, waitSeconds: waitSeconds)
    }

    var label: String { prepared.entry.label }

    /// For the table.
    var instance: RoutingTable.Instance { prepared.instance(slot) }
}

extension Launcher.Prepared {
    func instance(_ channel: any Channel) -> RoutingTable.Instance {
        RoutingTable.Instance(
            api: entry.api, providerID: entry.providerID, descriptor: descriptor, libraryPath: libraryPath,
            channel: channel)
    }
}
