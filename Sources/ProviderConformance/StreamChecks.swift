import CProviderABI
import Host
import LlamaStackAPI

extension Check {
    static let streamChecks = [
        Check("streams events, one JSON value a line") { context throws(CheckFailure) in
            try await context.withStream { channel, request throws(CheckFailure) in
                let sink = try await context.answer(to: request, on: channel)
                if let violation = context.log.violations.first { throw CheckFailure(violation) }
                if let error = sink.error { return .notExercised("the sample request was answered with \(error)") }
                guard sink.parts > 0 else { throw CheckFailure("the stream ended without an event") }
                return .passed
            }
        },
        Check("waits while the reader is behind") { context throws(CheckFailure) in
            try await context.withStream { channel, request throws(CheckFailure) in
                let sink = ProbeSink(holding: true)
                channel.invoke(request, into: sink)
                guard await sink.waitForFirstWrite(seconds: context.seconds) else {
                    throw CheckFailure("nothing was written within \(context.seconds) s")
                }
                if let error = sink.error { return .notExercised("the sample request was answered with \(error)") }
                // Time in which a provider that does not wait would go on.
                try? await Task.sleep(for: .milliseconds(200))
                let early = sink.writesWhilePaused
                sink.release()
                _ = await sink.waitForEnd(seconds: context.seconds)
                guard early == 0 else {
                    throw CheckFailure("wrote \(early) more times after LSP_PAUSE without waiting")
                }
                return sink.parts > 1 ? .passed : .notExercised("the sample's answer has one event only")
            }
        },
        Check("ends a stream that is cancelled") { context throws(CheckFailure) in
            try await context.withStream { channel, request throws(CheckFailure) in
                let sink = ProbeSink(holding: true)
                channel.invoke(request, into: sink)
                guard await sink.waitForFirstWrite(seconds: context.seconds) else {
                    throw CheckFailure("nothing was written within \(context.seconds) s")
                }
                if sink.hasEnded { return .notExercised("the sample's answer is too short to cancel") }
                channel.cancel(request.callID)
                guard await sink.waitForEnd(seconds: min(5, context.seconds)) else {
                    throw CheckFailure("the call was not finished within \(min(5, context.seconds)) s of its cancel")
                }
                return .passed
            }
        },
        Check("ends a call that is cancelled at once") { context throws(CheckFailure) in
            try await context.withStream { channel, request throws(CheckFailure) in
                let sink = ProbeSink(holding: true)
                channel.invoke(request, into: sink)
                channel.cancel(request.callID)
                channel.cancel(request.callID)
                guard await sink.waitForEnd(seconds: min(5, context.seconds)) else {
                    throw CheckFailure("the call was not finished within \(min(5, context.seconds)) s of its cancel")
                }
                return .passed
            }
        },
    ]
}

extension CheckContext {
    /// Makes an instance and a request that streams.
    func withStream(
        _ body: (InlineChannel, CallRequest) async throws(CheckFailure) -> CheckResult.Outcome
    ) async throws(CheckFailure) -> CheckResult.Outcome {
        guard var request = samples.streaming else { return .notExercised("no sample of a stream for this API") }
        request.callID = 1
        let ready = request
        return try await withInstance { channel throws(CheckFailure) in try await body(channel, ready) }
    }
}
