import LlamaStackAPI
import Synchronization

/// Remembers which provider had a resource last. It is only tried first, because providers may share their storage with
/// other hosts.
final class OwnerCache: Sendable {
    private static let keptMax = 10_000

    private struct Key: Hashable {
        var api: API
        var id: String
    }

    private let known = Mutex<[Key: String]>([:])

    subscript(api: API, id: String) -> String? {
        get { known.withLock { $0[Key(api: api, id: id)] } }
        set {
            known.withLock { known in
                if known.count >= Self.keptMax { known.removeAll() }
                known[Key(api: api, id: id)] = newValue
            }
        }
    }
}
