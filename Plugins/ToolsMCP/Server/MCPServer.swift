import ContractBridge
import ProviderKit
import Synchronization

/// One server of the distribution: opened in the background, opened again when it ends, and its tools.
final class MCPServer: Sendable {
    /// How long a list of all tools waits for this server's.
    static let listWaitSeconds = 10.0

    private struct State {
        var session: ServerSession?
        var link: (any Link)?
        /// Why calls are refused, or lists may be old; nil: nothing is wrong.
        var trouble: String? = "it has not answered yet"
        var tools: [ServerTool] = []
        var isStale = false
        var expires: ContinuousClock.Instant?
        var era: ProtocolEra?
        var refresh: Once<Void>?
        var isClosed = false
        var calls = 0
        /// It is closed when no call runs any more.
        var isRetired = false
    }

    /// The group's id, and the first part of the tools' names.
    let id: String
    private let settings: ServerSettings
    private let context: ProviderContext
    private let log: ServerLog
    private let onChange: @Sendable () -> Void
    private let state = Mutex(State())
    private let closed = Once<Void>()
    private let life = Mutex<Task<Void, Never>?>(nil)

    init(_ id: String, _ settings: ServerSettings, _ context: ProviderContext, onChange: @escaping @Sendable () -> Void)
    {
        (self.id, self.settings, self.context, self.onChange) = (id, settings, context, onChange)
        log = ServerLog(context.log, server: id)
    }

    /// Returns at once: whether the server answers is seen later.
    func start() { life.withLock { $0 = Task { await self.run() } } }

    // MARK: its life

    private func run() async {
        var backoff = Backoff()
        while !state.withLock({ $0.isClosed }) {
            let served = await serve()
            guard !state.withLock({ $0.isClosed }) else { return }
            let seconds = backoff.wait(servedSeconds: served)
            try? await Task.sleep(for: .seconds(seconds))
        }
    }

    /// Opens it, and returns when it has ended: after how many seconds of service, if there was any.
    private func serve() async -> Double? {
        var link: (any Link)?
        var start: ContinuousClock.Instant?
        do {
            let made = try await makeLink()
            link = made
            let isClosed = state.withLock { state in
                state.link = made
                return state.isClosed
            }
            if isClosed { made.fail("it is being stopped") }
            let session = try await ServerSession(
                made, remembered: state.withLock { $0.era }, settings.startLimit, context.network)
            state.withLock { $0.era = session.era }
            take(try await session.listTools(settings.startLimit, context.network), of: session, isFirst: true)
            log.info("the server answers: revision \(session.era.version), \(tools.count) tools")
            start = .now
            lose(await made.ended())
        } catch {
            // A server that ends at the first request of the newer era may speak the older one alone.
            if case ServerFault.gone? = error as? ServerFault, start == nil { guessOtherEra() }
            lose((error as? ServerFault)?.sentence ?? "\(error)")
        }
        await link?.close()
        return start.map { (.now - $0).seconds }
    }

    private func makeLink() async throws -> any Link {
        switch settings.way {
        case .command(let command):
            try await StdioLink.start(command, log: log) { [weak self] in self?.listChanged() }
        case .url(let url, let headers):
            HTTPLink(url, headers: headers, network: context.network, log: log) { [weak self] in self?.listChanged() }
        }
    }

    private func guessOtherEra() {
        guard case .command = settings.way else { return }
        state.withLock { $0.era = $0.era == nil ? .legacy(version: ProtocolEra.legacyVersions[0]) : nil }
    }

    /// - Parameter isFirst: the session has just been opened; else its list counts while it is the server's.
    private func take(_ list: ToolList, of session: ServerSession, isFirst: Bool) {
        for sentence in list.refusals { log.note("left out: " + sentence) }
        state.withLock { state in
            guard !state.isClosed, isFirst || state.session === session else { return }
            state.session = session
            state.tools = list.tools
            state.trouble = nil
            state.isStale = false
            state.expires = list.ttlMilliseconds.map { .now + .milliseconds($0) }
        }
        onChange()
    }

    private func lose(_ sentence: String) {
        let isClosed = state.withLock { state in
            (state.session, state.link, state.trouble) = (nil, nil, sentence)
            return state.isClosed
        }
        if !isClosed { log.note("the server is not available: \(sentence)") }
        onChange()
    }

    private func listChanged() { state.withLock { $0.isStale = true } }

    /// Ends it as soon as the calls under way have ended.
    func retire() async {
        let isIdle = state.withLock { state in
            state.isRetired = true
            return state.calls == 0
        }
        if isIdle { await close() } else { await closed.value() }
    }

    private func endCall() {
        let isLast = state.withLock { state in
            state.calls -= 1
            return state.calls == 0 && state.isRetired
        }
        if isLast { Task { await close() } }
    }

    /// Ends it, and returns when its process is gone.
    func close() async {
        let link = state.withLock { state in
            state.isClosed = true
            return state.link
        }
        link?.fail("it is being stopped")
        let task = life.withLock { $0 }
        task?.cancel()
        await task?.value
        closed.fire()
    }

    // MARK: its tools

    var tools: [ServerTool] { state.withLock { $0.tools } }

    /// Why it can't be called now; nil: it can.
    var trouble: String? { state.withLock { $0.trouble } }

    /// Asks for the list again when it does not hold any more. Waits ``listWaitSeconds`` at most.
    func refresh() async {
        let (done, isMine, session) = state.withLock { state -> (Once<Void>?, Bool, ServerSession?) in
            guard let session = state.session, state.isStale || state.expires.map({ $0 <= .now }) ?? false else {
                return (nil, false, nil)
            }
            if let running = state.refresh { return (running, false, nil) }
            let done = Once<Void>()
            state.refresh = done
            // What changes from here on is not in the answer.
            state.isStale = false
            return (done, true, session)
        }
        guard let done else { return }
        if isMine, let session { Task { await self.list(session, done) } }
        let waited = Once<Void>()
        done.whenSet { waited.set($0) }
        waited.set((), afterSeconds: Self.listWaitSeconds)
        await waited.fired()
        if done.current == nil {
            let sentence = "it has not answered tools/list for \(Int(Self.listWaitSeconds)) s (listWaitSeconds)"
            state.withLock { if $0.refresh != nil { $0.trouble = $0.trouble ?? sentence } }
        }
    }

    private func list(_ session: ServerSession, _ done: Once<Void>) async {
        do {
            take(try await session.listTools(settings.startLimit, context.network), of: session, isFirst: false)
        } catch {
            let fault = error as? ServerFault
            state.withLock { state in
                state.isStale = true
                if state.session === session { state.trouble = fault?.sentence ?? "\(error)" }
            }
            if case .gone(let sentence)? = fault { session.link.fail(sentence) }
        }
        state.withLock { $0.refresh = nil }
        done.fire()
    }

    // MARK: calls

    /// The answer to a call, also where the tool failed. Throws when the server can't be reached or takes too long.
    func call(_ tool: ServerTool, _ arguments: JSONObject, _ call: Call) async throws -> ToolResult {
        let (session, trouble) = state.withLock { state in
            state.calls += 1
            return (state.session, state.trouble)
        }
        defer { endCall() }
        guard let session else {
            throw ProviderError(.upstreamError, "the MCP server '\(id)' is not available: \(trouble ?? "")")
        }
        do {
            let answer = try await session.call(tool, arguments, settings.callLimit(call.deadline), call.network)
            return CallAnswer.result(answer, toolName: tool.name)
        } catch let fault as ServerFault {
            return try result(of: fault, session)
        }
    }

    private func result(of fault: ServerFault, _ session: ServerSession) throws -> ToolResult {
        if let error = fault.rpcError {
            // It may not have the tool any more, or with other arguments.
            listChanged()
            return CallAnswer.failed("\(error.message) (error \(error.code) of the MCP server '\(id)')")
        }
        switch fault {
        case .late: throw ProviderError(.providerTimeout, "the MCP server '\(id)' failed: \(fault.sentence)")
        case .gone: session.link.fail(fault.sentence)
        default: break
        }
        throw ProviderError(.upstreamError, "the MCP server '\(id)' failed: \(fault.sentence)")
    }
}

extension Duration {
    fileprivate var seconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}
