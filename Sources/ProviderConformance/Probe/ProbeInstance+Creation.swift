import CProviderABI
import LlamaStackAPI
import Runtimes

extension ProbeInstance {
    /// `create` alone: the instance, 0 for NULL, and what its `ready` heard.
    struct Creation: Sendable {
        var instance: UInt
        var ready: CallRecord
        var host: HostRecord
        var hostStruct: LentStruct<lsp_host>
    }

    private static func create(
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
                state_path: bytes[2], base_path: bytes[3]),
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
        return Creation(instance: instance, ready: ready, host: host, hostStruct: hostStruct)
    }

    /// What `ready` was finished with, for configs that must be refused; the instance is destroyed. nil: not finished.
    static func ready(
        _ provider: LoadedProvider, config: JSON, _ context: CheckContext
    ) throws(CheckFailure) -> CallRecord? {
        let made = try create(provider, config, context, isGuarded: false)
        let hasEnded = made.ready.waitForEnd(context.seconds)
        if made.instance != 0 {
            try ProbeInstance(provider, context, isGuarded: false, made).destroy()
        }
        return hasEnded ? made.ready : nil
    }

    /// An instance that is ready, with the suite's resources registered.
    static func make(
        _ provider: LoadedProvider, _ context: CheckContext, isGuarded: Bool = false
    ) throws(CheckFailure) -> ProbeInstance {
        let made = try create(provider, context.setup.config, context, isGuarded: isGuarded)
        guard made.ready.waitForEnd(context.seconds) else {
            throw CheckFailure("'ready' was not finished within \(context.seconds) s of create")
        }
        guard made.instance != 0 else { throw CheckFailure("create answered NULL; it must return an instance") }
        let instance = ProbeInstance(provider, context, isGuarded: isGuarded, made)
        guard made.ready.status == Int32(LSP_OK) else {
            try instance.destroy()
            throw CheckFailure("create with \(context.setup.config.text) was answered with \(made.ready.errorText)")
        }
        for resource in context.setup.resources {
            let call = try instance.answer(to: ProbeRequest("register", resource))
            guard call.status == Int32(LSP_OK) else {
                try instance.destroy()
                throw CheckFailure("register of \(resource.text) was answered with \(call.errorText)")
            }
        }
        return instance
    }
}

extension CheckContext {
    /// Makes an instance, does `body`, destroys it whatever happens.
    func withInstance(
        isGuarded: Bool = false, _ body: (ProbeInstance) throws(CheckFailure) -> Void
    ) throws(CheckFailure) {
        let instance = try ProbeInstance.make(provider(), self, isGuarded: isGuarded)
        do throws(CheckFailure) {
            try body(instance)
        } catch {
            // Its own failure is the one that counts.
            do throws(CheckFailure) { try instance.destroy() } catch {}
            throw error
        }
        try instance.destroy()
    }
}
