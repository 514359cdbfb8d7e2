import LlamaStackAPI

/// What a stack runs now, and from what it was made.
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
    var prepared: Starting.Prepared
    /// It was made by this one, and can be made again.
    var starting: Starting
    let slot: InstanceSlot

    /// - Parameter waitSeconds: how long a call waits for it while it is created again.
    init(prepared: Starting.Prepared, starting: Starting, channel: any Channel, waitSeconds: Double) {
        (self.prepared, self.starting) = (prepared, starting)
        slot = InstanceSlot(channel, label: prepared.entry.label, waitSeconds: waitSeconds)
    }

    var label: String { prepared.entry.label }

    /// For the table.
    var instance: RoutingTable.Instance { prepared.instance(slot) }
}

extension Starting.Prepared {
    func instance(_ channel: any Channel) -> RoutingTable.Instance {
        RoutingTable.Instance(
            api: entry.api, providerID: entry.providerID, descriptor: descriptor, libraryPath: libraryPath,
            channel: channel)
    }
}
