import CProviderABI
import ContractBridge
import Synchronization

/// Every instance that was ever created in this process, by number: what `lsp_host.context` says. Entries stay, so
/// that a thread which a provider forgot to stop finds a closed door and not freed memory.
enum InstanceTable {
    private static let instances = Mutex<[UInt64: HostServices]>([:])
    private static let last = Atomic<UInt64>(0)

    static func newNumber() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue & 0xfffff }

    static func insert(_ services: HostServices) { instances.withLock { $0[services.number] = services } }

    static func find(_ number: UInt64) -> HostServices? { instances.withLock { $0[number] } }

    /// Lives for ever: 64 bytes an instance.
    static func host(for services: HostServices) -> UnsafePointer<lsp_host> {
        let host = UnsafeMutablePointer<lsp_host>.allocate(capacity: 1)
        host.initialize(
            to: lsp_host(
                struct_size: UInt32(MemoryLayout<lsp_host>.size),
                abi_major: UInt16(LSP_ABI_MAJOR), abi_minor: UInt16(LSP_ABI_MINOR),
                context: UnsafeMutableRawPointer(bitPattern: UInt(services.number)),
                log: { InstanceTable.find(context: $0)?.log($1, $2, $3) },
                metric: { InstanceTable.find(context: $0)?.metric($1, $2, $3, $4) },
                call: { context, request, sink in
                    guard let request, let sink = sink.flatMap({ ForeignSink($0) }) else { return }
                    guard let services = InstanceTable.find(context: context) else {
                        return sink.finish(CallError(.internal, "lsp_host.context is not the host's"))
                    }
                    services.call(request.pointee, sink)
                },
                cancel: { InstanceTable.find(context: $0)?.cancel($1) },
                announce: { context, resource, done in
                    guard let done = done.flatMap({ ForeignSink($0) }) else { return }
                    guard let services = InstanceTable.find(context: context) else {
                        return done.finish(CallError(.internal, "lsp_host.context is not the host's"))
                    }
                    services.announce(resource, done)
                },
                withdraw: { context, resource, done in
                    guard let done = done.flatMap({ ForeignSink($0) }) else { return }
                    guard let services = InstanceTable.find(context: context) else {
                        return done.finish(CallError(.internal, "lsp_host.context is not the host's"))
                    }
                    services.withdraw(resource, done)
                }))
        return UnsafePointer(host)
    }

    fileprivate static func find(context: UnsafeMutableRawPointer?) -> HostServices? {
        find(UInt64(UInt(bitPattern: context)))
    }
}
