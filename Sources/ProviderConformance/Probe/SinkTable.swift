import CProviderABI
import Synchronization

/// Every sink and host that this process has handed to the provider, by number: a provider holds a number, never a
/// pointer of ours, so what it does too late or with a context that it made up is seen and does no harm.
enum SinkTable {
    private static let sinks = Mutex<[UInt: CallRecord]>([:])
    private static let hosts = Mutex<[UInt: HostRecord]>([:])
    // High enough not to be mistaken for a small number.
    private static let last = Atomic<UInt>(0x4c53_5000_0000)
    private static let watch = Mutex<Reporter?>(nil)

    static func newNumber() -> UInt { last.wrappingAdd(1, ordering: .relaxed).newValue }

    static func insert(_ call: CallRecord) {
        watch.withLock { $0 = call.report }
        sinks.withLock { $0[call.number] = call }
    }

    /// From now on, its context counts as made up.
    static func forget(_ call: CallRecord) { sinks.withLock { _ = $0.removeValue(forKey: call.number) } }

    static func insert(_ host: HostRecord) { hosts.withLock { $0[host.number] = host } }

    static func sink(for call: CallRecord) -> lsp_sink {
        lsp_sink(
            struct_size: UInt32(MemoryLayout<lsp_sink>.size), reserved: 0,
            context: UnsafeMutableRawPointer(bitPattern: call.number),
            write: { SinkTable.find($0, "write")?.write($1, $2) ?? Int32(LSP_CLOSED) },
            finish: { SinkTable.find($0, "finish")?.finish($1, $2) },
            when_writable: { context, wake, user in
                guard let call = SinkTable.find(context, "when_writable") else {
                    if let wake { wake(user) }
                    return
                }
                call.whenWritable(wake, user)
            },
            wait_writable: { SinkTable.find($0, "wait_writable")?.waitWritable() ?? Int32(LSP_CLOSED) })
    }

    static func host(for record: HostRecord) -> lsp_host {
        lsp_host(
            struct_size: UInt32(MemoryLayout<lsp_host>.size), abi_major: UInt16(LSP_ABI_MAJOR),
            abi_minor: UInt16(LSP_ABI_MINOR), context: UnsafeMutableRawPointer(bitPattern: record.number),
            log: { SinkTable.findHost($0, "log")?.log($1, $2, $3) },
            metric: { SinkTable.findHost($0, "metric")?.metric($1, $2, $3, $4) },
            call: { context, request, sink in
                SinkTable.findHost(context, "call")?.call(request, sink)
            },
            cancel: { context, _ in _ = SinkTable.findHost(context, "cancel") },
            announce: { SinkTable.findHost($0, "announce")?.announce($1, $2) },
            // Answered as an announcement is: there is no stack that could keep it.
            withdraw: { SinkTable.findHost($0, "withdraw")?.announce($1, $2) })
    }

    fileprivate static func find(_ context: UnsafeMutableRawPointer?, _ function: String) -> CallRecord? {
        let number = UInt(bitPattern: context)
        if let call = sinks.withLock({ $0[number] }) { return call }
        unknown(number, function, "lsp_sink")
        return nil
    }

    fileprivate static func findHost(_ context: UnsafeMutableRawPointer?, _ function: String) -> HostRecord? {
        let number = UInt(bitPattern: context)
        if let host = hosts.withLock({ $0[number] }) { return host }
        unknown(number, function, "lsp_host")
        return nil
    }

    private static func unknown(_ number: UInt, _ function: String, _ what: String) {
        watch.withLock { $0 }?.broken(
            .finish, "\(function) was called with the context 0x\(String(number, radix: 16)), which no \(what) has")
    }
}
