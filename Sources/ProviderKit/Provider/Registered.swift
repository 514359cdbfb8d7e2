import LlamaStackAPI
import Synchronization

/// The resources that an instance serves, by their ids, in the order in which they were registered: for an
/// implementation of ``Provider/register(_:)`` and ``Provider/unregister(_:)``. Any thread.
public final class Registered<Value: Sendable>: Sendable {
    private let kept = Mutex<[(id: String, value: Value)]>([])

    /// None yet.
    public init() {}

    /// Adds the value, or puts it in the place of the one with that id.
    public func put(_ id: String, _ value: Value) {
        kept.withLock { kept in
            if let place = kept.firstIndex(where: { $0.id == id }) {
                kept[place].value = value
            } else {
                kept.append((id, value))
            }
        }
    }

    /// Forgets the resource. Throws `notFound` when its id is not registered.
    public func remove(_ resource: Resource) throws(ProviderError) {
        let isKnown = kept.withLock { kept in
            guard let place = kept.firstIndex(where: { $0.id == resource.id }) else { return false }
            kept.remove(at: place)
            return true
        }
        guard isKnown else {
            throw ProviderError(.notFound, "there is no \(resource.kind) '\(resource.id)'", field: "id")
        }
    }

    /// The value with that id; nil when there is none.
    public subscript(id: String) -> Value? { kept.withLock { $0.first { $0.id == id }?.value } }

    /// All of them, in order.
    public var all: [(id: String, value: Value)] { kept.withLock { $0 } }
}
