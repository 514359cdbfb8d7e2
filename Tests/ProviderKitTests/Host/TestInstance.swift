import ProviderKit
import Synchronization

/// One created provider, driven through the descriptor's functions only.
final class TestInstance: @unchecked Sendable {
    let descriptor: UnsafePointer<lsp_provider>
    let host: TestHost
    let ready = TestSink()
    private let instance: UnsafeMutableRawPointer?
    private let nextID = Atomic<UInt64>(1)

    init(
        _ module: UnsafePointer<lsp_module>?, config: String = "", host: TestHost = TestHost(), at index: Int = 0,
        purpose: UInt32 = 0, setupSize: UInt32? = nil
    ) {
        descriptor = module!.pointee.providers[index]!
        self.host = host
        var sink = ready.makeSink()
        // The memory of a setup dies when create returns: the poison shows who kept a pointer to it.
        let memory = PoisonedBytes(["test", config, "/state", "/base"])
        var setup = lsp_setup(
            struct_size: UInt32(MemoryLayout<lsp_setup>.size), reserved: 0, provider_id: memory[0], config: memory[1],
            state_path: memory[2], base_path: memory[3], purpose: purpose, reserved_1: 0)
        if let setupSize { setup.struct_size = setupSize }
        instance = descriptor.pointee.create(descriptor, host.table, &setup, &sink)
        memory.poison()
    }

    static func ready(
        _ module: UnsafePointer<lsp_module>?, config: String = "", host: TestHost = TestHost()
    ) async -> TestInstance {
        let instance = TestInstance(module, config: config, host: host)
        await instance.ready.finished()
        return instance
    }

    /// Starts a call; its memory is poisoned once it is finished.
    @discardableResult
    func start(
        _ method: String, body: String = "", parameters: String = "", options: String = "", resource: String = "",
        requestID: String = "", deadline: Int64 = 0, pauseAt: Int? = nil, id: UInt64? = nil
    ) -> (id: UInt64, sink: TestSink) {
        let memory = PoisonedBytes([method, parameters, body, options, resource, "someone", requestID])
        let sink = TestSink(pauseAt: pauseAt) { memory.poison() }
        let id = id ?? nextID.add(1, ordering: .relaxed).oldValue
        var request = lsp_request(
            struct_size: UInt32(MemoryLayout<lsp_request>.size), flags: 0, call_id: id,
            target: lsp_bytes(data: nil, size: 0), method: memory[0], parameters: memory[1], body: memory[2],
            options: memory[3], resource: memory[4], principal: memory[5], request_id: memory[6],
            deadline_ns: deadline)
        var end = sink.makeSink()
        descriptor.pointee.invoke(instance, &request, &end)
        request.call_id = .max
        end.context = nil
        return (id, sink)
    }

    func call(
        _ method: String, body: String = "", parameters: String = "", options: String = "", resource: String = "",
        requestID: String = ""
    ) async -> TestSink.Record {
        await start(
            method, body: body, parameters: parameters, options: options, resource: resource, requestID: requestID
        ).sink.finished()
    }

    func cancel(_ id: UInt64) { descriptor.pointee.cancel(instance, id) }

    func startDestroy() -> TestSink {
        let done = TestSink()
        var sink = done.makeSink()
        descriptor.pointee.destroy(instance, &sink)
        return done
    }

    func destroy() async { await startDestroy().finished() }
}

/// Bytes that become garbage when their owner says so.
final class PoisonedBytes: @unchecked Sendable {
    private let blocks: [UnsafeMutableBufferPointer<UInt8>]

    init(_ texts: [String]) {
        blocks = texts.map { text in
            let block = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: text.utf8.count)
            _ = block.initialize(from: text.utf8)
            return block
        }
    }

    subscript(index: Int) -> lsp_bytes { lsp_bytes(data: blocks[index].baseAddress, size: blocks[index].count) }

    func poison() { for block in blocks { block.update(repeating: 0xAA) } }
}
