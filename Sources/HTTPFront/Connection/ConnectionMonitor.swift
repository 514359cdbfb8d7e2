import NIOCore
import Synchronization

/// Whether the client of a connection is still there, and what is to happen when it goes: a running call is
/// cancelled. Any thread.
final class ConnectionMonitor: Sendable {
    private struct State {
        var isGone = false
        var nextToken = 0
        var actions: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())
    private let hosts = Mutex<[String]?>(nil)

    /// The names that the server has on this connection: they are the same for each of its requests.
    func hosts(_ make: () -> [String]) -> [String] {
        hosts.withLock { hosts in
            if let hosts { return hosts }
            let made = make()
            hosts = made
            return made
        }
    }

    var isGone: Bool { state.withLock { $0.isGone } }

    /// Runs `action` once when the client goes; at once when it has gone already. The token takes it back.
    func onDeparture(_ action: @escaping @Sendable () -> Void) -> Int {
        let token: Int? = state.withLock { state in
            guard !state.isGone else { return nil }
            state.nextToken += 1
            state.actions[state.nextToken] = action
            return state.nextToken
        }
        if token == nil { action() }
        return token ?? 0
    }

    func forget(_ token: Int) {
        state.withLock { _ = $0.actions.removeValue(forKey: token) }
    }

    func depart() {
        let actions = state.withLock { state in
            state.isGone = true
            defer { state.actions = [:] }
            return Array(state.actions.values)
        }
        for action in actions { action() }
    }
}

/// The monitors of the connections that are open. Asked of the channel's pipeline, a monitor would cost each request a
/// turn of its event loop. Any thread.
final class ConnectionMonitors: Sendable {
    private let open = Mutex<[ObjectIdentifier: ConnectionMonitor]>([:])

    /// nil: the connection has closed.
    subscript(channel: any Channel) -> ConnectionMonitor? { open.withLock { $0[ObjectIdentifier(channel)] } }

    func add(_ monitor: ConnectionMonitor, of channel: any Channel) {
        open.withLock { $0[ObjectIdentifier(channel)] = monitor }
    }

    func remove(_ channel: any Channel) { open.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(channel)) } }
}
