import Foundation
import ProviderKit
import Synchronization

/// A host over the bare contract: the function table, and for each call of a provider to another, a scripted answer.
final class TestHost: @unchecked Sendable {
    struct OutgoingCall: Sendable {
        var id: UInt64
        var target: String
        var method: String
        var body: String
        var requestID: String
        var sink: @Sendable () -> lsp_sink
    }

    let logged = Mutex<[String]>([])
    let metrics = Mutex<[String]>([])
    let cancelled = Mutex<[UInt64]>([])
    let announced = Mutex<[String]>([])
    let withdrawn = Mutex<[String]>([])
    /// Answers the calls of providers, on the thread that calls.
    let onCall = Mutex<@Sendable (OutgoingCall) -> Void>({ _ in })
    let onCancel = Mutex<@Sendable (UInt64) -> Void>({ _ in })

    let table: UnsafePointer<lsp_host>

    init() {
        let table = UnsafeMutablePointer<lsp_host>.allocate(capacity: 1)
        self.table = UnsafePointer(table)
        table.initialize(
            to: lsp_host(
                struct_size: UInt32(MemoryLayout<lsp_host>.size), abi_major: 1, abi_minor: UInt16(LSP_ABI_MINOR),
                context: Unmanaged.passRetained(self).toOpaque(),
                log: { context, level, message, fields in
                    let text = "\(level) \(message.string) \(fields.string)"
                    TestHost.from(context).logged.withLock { $0.append(text) }
                },
                metric: { context, kind, name, value, labels in
                    let text = "\(kind) \(name.string) \(value) \(labels.string)"
                    TestHost.from(context).metrics.withLock { $0.append(text) }
                },
                call: { context, request, sink in
                    nonisolated(unsafe) let copy = sink!.pointee
                    let call = OutgoingCall(
                        id: request!.pointee.call_id, target: request!.pointee.target.string,
                        method: request!.pointee.method.string, body: request!.pointee.body.string,
                        requestID: request!.pointee.request_id.string, sink: { copy })
                    TestHost.from(context).onCall.withLock { $0 }(call)
                },
                cancel: { context, id in
                    let host = TestHost.from(context)
                    host.cancelled.withLock { $0.append(id) }
                    host.onCancel.withLock { $0 }(id)
                },
                announce: { context, resource, done in
                    TestHost.from(context).announced.withLock { $0.append(resource.string) }
                    done!.pointee.finish(done!.pointee.context, 0, lsp_bytes(data: nil, size: 0))
                },
                withdraw: { context, resource, done in
                    TestHost.from(context).withdrawn.withLock { $0.append(resource.string) }
                    done!.pointee.finish(done!.pointee.context, 0, lsp_bytes(data: nil, size: 0))
                }))
    }

    private static func from(_ context: UnsafeMutableRawPointer?) -> TestHost {
        Unmanaged<TestHost>.fromOpaque(context!).takeUnretainedValue()
    }
}

extension lsp_sink {
    func event(_ text: String) -> Int32 { send(Int32(LSP_EVENT), text) }
    func body(_ text: String) -> Int32 { send(Int32(LSP_BODY), text) }

    func end(_ status: Int32 = 0, _ error: String = "") {
        var error = error
        error.withUTF8 { finish(context, status, lsp_bytes(data: $0.baseAddress, size: $0.count)) }
    }

    private func send(_ kind: Int32, _ text: String) -> Int32 {
        var text = text
        return text.withUTF8 { write(context, kind, lsp_bytes(data: $0.baseAddress, size: $0.count)) }
    }
}

extension lsp_bytes {
    var string: String { String(decoding: UnsafeBufferPointer(start: data, count: size), as: UTF8.self) }
}
