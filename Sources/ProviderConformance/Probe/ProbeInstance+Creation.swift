import CProviderABI
import LlamaStackAPI
import Runtimes

extension ProbeInstance {
    private static func create(
        _ provider: TestedProvider, _ config: JSON, _ context: CheckContext, isGuarded: Bool = false
    ) throws(CheckFailure) -> Creation {
        switch provider {
        case .loaded(let provider):
            try PointerEntry.create(provider, config, context, isGuarded: isGuarded)
        case .apart(let descriptor): try SocketEntry.create(descriptor, config, context)
        }
    }

    /// The end of `ready`, for configs that must be refused; the instance is destroyed. nil when it was not finished.
    static func ready(
        _ provider: TestedProvider, config: JSON, _ context: CheckContext
    ) throws(CheckFailure) -> CallRecord? {
        let made = try create(provider, config, context)
        let hasEnded = made.ready.waitForEnd(context.seconds)
        if let entry = made.entry { try ProbeInstance(provider.descriptor, context, entry).destroy() }
        return hasEnded ? made.ready : nil
    }

    /// An instance that is ready, with the suite's resources registered.
    static func make(
        _ provider: TestedProvider, _ context: CheckContext, isGuarded: Bool = false
    ) throws(CheckFailure) -> ProbeInstance {
        let made = try create(provider, context.setup.config, context, isGuarded: isGuarded)
        guard made.ready.waitForEnd(context.seconds) else {
            throw CheckFailure("'ready' was not finished within \(context.seconds) s of create")
        }
        guard !made.isNull else { throw CheckFailure("create answered NULL; it must return an instance") }
        let instance = made.entry.map { ProbeInstance(provider.descriptor, context, $0) }
        guard let instance, made.ready.status == Int32(LSP_OK) else {
            try instance?.destroy()
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
            let death = instance.death
            // Its own failure is the one that counts, but for the end of the process that was its reason.
            do throws(CheckFailure) { try instance.destroy() } catch {}
            guard let death, error.outcome != .skipped, error.message.contains(death) else {
                throw death.map { CheckFailure($0) } ?? error
            }
            throw error
        }
        try instance.destroy()
    }
}
