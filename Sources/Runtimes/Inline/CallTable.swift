import CProviderABI
import ContractBridge
import Synchronization

/// Every call over the contract that is open, in this process. A provider holds a number, never a pointer of ours, and
/// numbers are not used twice: what comes too late, or twice, finds nothing and is logged and ignored.
///
/// Process-wide because a C function has only its `void *context` to find its way by.
enum CallTable {
    private final class Shard: Sendable {
        let calls = Mutex<[UInt64: OpenCall]>([:])
    }

    private static let shards = (0..<16).map { _ in Shard() }
    private static let last = Atomic<UInt64>(0)

    /// The upper 20 bits name the instance, so that even a late write can be blamed.
    static func newHandle(of instance: UInt64) -> UInt64 {
        instance << 44 | (last.wrappingAdd(1, ordering: .relaxed).newValue & 0xfff_ffff_ffff)
    }

    static func insert(_ call: OpenCall) {
        shard(call.handle).calls.withLock { $0[call.handle] = call }
    }

    static func find(_ handle: UInt64) -> OpenCall? {
        shard(handle).calls.withLock { $0[handle] }
    }

    /// The caller that gets it is the one that ends it.
    static func remove(_ handle: UInt64) -> OpenCall? {
        shard(handle).calls.withLock { $0.removeValue(forKey: handle) }
    }

    private static func shard(_ handle: UInt64) -> Shard { shards[Int(handle & 15)] }

    static func sink(for call: OpenCall) -> lsp_sink {
        lsp_sink(
            struct_size: UInt32(MemoryLayout<lsp_sink>.size), reserved: 0,
            context: UnsafeMutableRawPointer(bitPattern: UInt(call.handle)),
            write: { context, kind, bytes in
                guard let call = CallTable.find(CallTable.number(context)) else {
                    return CallTable.late("write", context, Int32(LSP_CLOSED))
                }
                return call.write(kind, bytes)
            },
            finish: { context, status, error in
                guard let call = CallTable.remove(CallTable.number(context)) else {
                    _ = CallTable.late("finish", context, 0)
                    return
                }
                call.finish(status, error)
            },
            when_writable: { context, wake, user in
                guard let wake else { return }
                guard let call = CallTable.find(CallTable.number(context)) else { return wake(user) }
                call.whenWritable(OpenCall.Waiter(wake: wake, user: user))
            },
            wait_writable: { context in
                guard let call = CallTable.find(CallTable.number(context)) else { return Int32(LSP_CLOSED) }
                return call.waitWritable()
            })
    }

    fileprivate static func number(_ context: UnsafeMutableRawPointer?) -> UInt64 { UInt64(UInt(bitPattern: context)) }

    fileprivate static func late(_ what: String, _ context: UnsafeMutableRawPointer?, _ answer: Int32) -> Int32 {
        InstanceTable.find(number(context) >> 44)?.noteLate(what)
        return answer
    }
}
