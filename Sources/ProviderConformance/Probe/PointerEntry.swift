import CProviderABI
import LlamaStackAPI
import Runtimes

/// An instance in this process, entered by its functions with what the contract lends them, and watched more closely
/// than the host can afford.
final class PointerEntry: InstanceEntry {
    private let provider: LoadedProvider
    private let context: CheckContext
    /// Whether lent memory is guarded: it cannot be read after its lifetime or beyond its end.
    private let isGuarded: Bool
    private let host: HostRecord
    private let hostStruct: LentStruct<lsp_host>
    private let instance: UInt

    private init(
        _ provider: LoadedProvider, _ context: CheckContext, isGuarded: Bool, host: HostRecord,
        hostStruct: LentStruct<lsp_host>, instance: UInt
    ) {
        (self.provider, self.context, self.isGuarded) = (provider, context, isGuarded)
        (self.host, self.hostStruct, self.instance) = (host, hostStruct, instance)
    }

    var death: String? { nil }

    static func create(
        _ provider: LoadedProvider, _ config: JSON, _ context: CheckContext, isGuarded: Bool
    ) throws(CheckFailure) -> Creation {
        let ready = CallRecord("create", .create, report: context.report)
        let host = HostRecord(needs: provider.descriptor.needs, report: context.report)
        let hostStruct = LentStruct(SinkTable.host(for: host), isGuarded: isGuarded)
        let bytes = LentBytes(
            [Array("conformance".utf8), config.bytes, Array(context.folders.make().utf8), Array("/".utf8)],
            isGuarded: isGuarded)
        let setup = LentStruct(
            lsp_setup(
                struct_size: UInt32(MemoryLayout<lsp_setup>.size), reserved: 0, provider_id: bytes[0], config: bytes[1],
                state_path: bytes[2], base_path: bytes[3], purpose: UInt32(LSP_SERVE), reserved_1: 0),
            isGuarded: isGuarded)
        let sink = LentStruct(SinkTable.sink(for: ready), isGuarded: isGuarded)
        let instance = try CallerThread.measure("create", context: context) {
            let made = provider.pointer.pointee.create(
                provider.pointer.address, hostStruct.pointer, setup.pointer, sink.pointer)
            return UInt(bitPattern: made)
        }
        bytes.takeBack("it read the bytes of lsp_setup after create had returned: copy them")
        setup.takeBack("it used the lsp_setup after create had returned: copy it")
        sink.takeBack("it used the lsp_sink of create after create had returned: structs are borrowed, copy them")
        guard instance != 0 else { return Creation(ready: ready, isNull: true) }
        let entry = PointerEntry(
            provider, context, isGuarded: isGuarded, host: host, hostStruct: hostStruct, instance: instance)
        return Creation(ready: ready, entry: entry)
    }

    func invoke(_ call: ProbeInstance.Prepared) {
        let asked = call.request
        let bytes = LentBytes(
            [
                Array(asked.method.utf8), asked.parameters == [:] ? [] : asked.parameters.bytes, asked.body,
                asked.options?.bytes ?? [], Array(asked.resource.utf8), [], Array("conformance".utf8),
            ], isGuarded: isGuarded)
        call.record.lends(bytes)
        let request = LentStruct(
            lsp_request(
                struct_size: UInt32(MemoryLayout<lsp_request>.size), flags: 0, call_id: call.id,
                target: lsp_bytes(data: nil, size: 0), method: bytes[0], parameters: bytes[1], body: bytes[2],
                options: bytes[3], resource: bytes[4], principal: bytes[5], request_id: bytes[6], deadline_ns: 0),
            isGuarded: isGuarded)
        let sink = LentStruct(SinkTable.sink(for: call.record), isGuarded: isGuarded)
        provider.pointer.pointee.invoke(UnsafeMutableRawPointer(bitPattern: instance), request.pointer, sink.pointer)
        request.takeBack("it used the lsp_request after invoke had returned: structs are borrowed, copy them")
        sink.takeBack("it used the lsp_sink after invoke had returned: structs are borrowed, copy them")
    }

    func cancel(_ id: UInt64) {
        provider.pointer.pointee.cancel(UnsafeMutableRawPointer(bitPattern: instance), id)
    }

    func destroy() throws(CheckFailure) {
        let done = CallRecord("destroy", .destroy, report: context.report)
        let sink = LentStruct(SinkTable.sink(for: done), isGuarded: isGuarded)
        let (provider, instance) = (provider, instance)
        try CallerThread.measure("destroy", context: context) {
            provider.pointer.pointee.destroy(UnsafeMutableRawPointer(bitPattern: instance), sink.pointer)
        }
        sink.takeBack("it used the lsp_sink of destroy after destroy had returned: structs are borrowed, copy them")
        guard done.waitForEnd(context.seconds) else {
            throw CheckFailure("destroy did not finish 'done' within \(context.seconds) s")
        }
        host.close()
        hostStruct.takeBack("it used the lsp_host after destroy was done")
    }
}
