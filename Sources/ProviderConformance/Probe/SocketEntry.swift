import CProviderABI
import ContractBridge
import LlamaStackAPI
import Runtimes

/// An instance in a process of its own, run and called as the host does under `isolation: process`.
final class SocketEntry: InstanceEntry {
    private let channel: any Channel
    private let watch: SocketWatch
    private let seconds: Double

    private init(_ channel: any Channel, _ watch: SocketWatch, seconds: Double) {
        (self.channel, self.watch, self.seconds) = (channel, watch, seconds)
    }

    /// Nothing of an instance that did not become ready is left.
    static func create(
        _ provider: ProviderDescriptor, _ config: JSON, _ context: CheckContext
    ) throws(CheckFailure) -> Creation {
        let ready = CallRecord("create", .create, report: context.report)
        let watch = SocketWatch(needs: provider.needs, report: context.report)
        var setup = InstanceSetup(
            library: context.setup.library, provider: provider, providerID: "conformance", config: config.bytes)
        setup.statePath = context.folders.make()
        context.report.at("create")
        let runtime = try context.processRuntime(log: watch.log), seconds = context.seconds
        let made = Blocking.wait { [setup] () -> Result<any Channel, CreateFailure> in
            do throws(CreateFailure) {
                return .success(try await runtime.create(setup, host: watch.host, withinSeconds: seconds))
            } catch {
                return .failure(error)
            }
        }
        switch made {
        case .success(let channel):
            ready.finish(Int32(LSP_OK), [])
            return Creation(ready: ready, entry: SocketEntry(channel, watch, seconds: seconds))
        case .failure(let failure):
            if let error = CallError(status: failure.status, object: failure.error) { watch.ended(error) }
            if let death = watch.death { throw CheckFailure("in create: \(death)") }
            ready.finish(failure.status, failure.error)
            return Creation(ready: ready)
        }
    }

    func invoke(_ call: ProbeInstance.Prepared) {
        var request = CallRequest(callID: call.id, method: call.request.method)
        request.parameters = call.request.parameters == [:] ? [] : call.request.parameters.bytes
        request.body = call.request.body
        if case .object(let options)? = call.request.options { request.options = options }
        request.resource = call.request.resource
        request.requestID = "conformance"
        channel.invoke(request, into: RecordSink(record: call.record, watch: watch))
    }

    func cancel(_ id: UInt64) { channel.cancel(id) }

    func destroy() throws(CheckFailure) {
        let (channel, seconds) = (channel, seconds)
        let isDone = Blocking.wait { await channel.close(withinSeconds: seconds) }
        if let death = watch.death { throw CheckFailure(death) }
        guard isDone else { throw CheckFailure("destroy did not finish 'done' within \(seconds) s") }
    }

    var death: String? { watch.death ?? (channel.status.state == .failed ? "its process ended" : nil) }
}

/// Where the answer to a call goes that comes over the socket.
private struct RecordSink: AnswerSink {
    let record: CallRecord
    let watch: SocketWatch

    func write(_ part: AnswerPart) -> Pressure {
        switch record.write(part.kind, part.bytes) {
        case Int32(LSP_MORE): .more
        case Int32(LSP_PAUSE): .pause
        default: .closed
        }
    }

    func finish(_ error: CallError?) {
        guard let error else { return record.finish(Int32(LSP_OK), []) }
        watch.ended(error)
        if let complaints = error.configComplaints {
            return record.finish(Int32(LSP_BAD_CONFIG), JSON.array(complaints).bytes)
        }
        // The provider's own words rather than those for a client.
        let said = error.operatorCode.map { CallError($0, error.operatorMessage ?? $0.code) } ?? error
        record.finish(said.code.abiStatus, said.object)
    }

    func whenWritable(_ wake: @escaping @Sendable () -> Void) { record.whenWritable(wake) }
}
