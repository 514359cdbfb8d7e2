import CProviderABI
import Dispatch
import Host
import LlamaStackAPI

extension Check {
    /// An `invoke` slower than this holds up whoever calls.
    static let promptMilliseconds = 250.0

    static let callChecks = [
        Check("answers an unknown method with LSP_UNSUPPORTED") { context throws(CheckFailure) in
            try await context.withInstance { channel throws(CheckFailure) in
                let sink = try await context.answer(to: context.samples.unknownMethod, on: channel)
                return try expect(sink.error, LSP_UNSUPPORTED, "an unknown method")
            }
        },
        Check("answers an unknown field with LSP_INVALID") { context throws(CheckFailure) in
            let methods = context.samples.methodsWithBody
            guard !methods.isEmpty else { return .notExercised("none of its methods takes an object") }
            return try await context.withInstance { channel throws(CheckFailure) in
                for (index, method) in methods.enumerated() {
                    var request = context.samples.unknownField(method)
                    request.callID = UInt64(index + 1)
                    let sink = try await context.answer(to: request, on: channel)
                    _ = try expect(sink.error, LSP_INVALID, "an unknown field of \(method)")
                }
                return .passed
            }
        },
        Check("answers a body that is not JSON with LSP_BAD_REQUEST") { context throws(CheckFailure) in
            guard let method = context.samples.methodsWithBody.first else {
                return .notExercised("none of its methods takes an object")
            }
            return try await context.withInstance { channel throws(CheckFailure) in
                let sink = try await context.answer(to: context.samples.notJSON(method), on: channel)
                return try expect(sink.error, LSP_BAD_REQUEST, "a body that is not JSON")
            }
        },
        Check("answers a resource of an unknown kind with LSP_UNSUPPORTED") { context throws(CheckFailure) in
            try await context.withInstance { channel throws(CheckFailure) in
                let sink = try await context.answer(to: context.samples.unknownKind, on: channel)
                return try expect(sink.error, LSP_UNSUPPORTED, "register of an unknown kind")
            }
        },
        Check("gives its errors as JSON objects") { context throws(CheckFailure) in
            guard let method = context.samples.methodsWithBody.first else {
                return .notExercised("none of its methods takes an object")
            }
            return try await context.withInstance { channel throws(CheckFailure) in
                _ = try await context.answer(to: context.samples.notJSON(method), on: channel)
                var second = context.samples.unknownField(method)
                second.callID = 2
                _ = try await context.answer(to: second, on: channel)
                if let violation = context.log.violations.first { throw CheckFailure(violation) }
                return .passed
            }
        },
        Check("finishes each call once, and is silent after it") { context throws(CheckFailure) in
            try await context.withInstance { channel throws(CheckFailure) in
                _ = try await context.answer(to: context.samples.unknownMethod, on: channel)
                if var request = context.samples.streaming {
                    request.callID = 2
                    _ = try await context.answer(to: request, on: channel)
                }
                // What comes too late comes within this.
                try? await Task.sleep(for: .milliseconds(100))
                if let violation = context.log.violations.first(where: { $0.contains("after finish") }) {
                    throw CheckFailure(violation)
                }
                return .passed
            }
        },
        Check("returns from invoke at once") { context throws(CheckFailure) in
            try await context.withInstance { channel throws(CheckFailure) in
                let sink = ProbeSink()
                channel.invoke(context.samples.streaming ?? context.samples.unknownMethod, into: sink)
                _ = await sink.waitForEnd(seconds: context.seconds)
                let inside = channel.threads.oldest?.seconds ?? 0
                let milliseconds = max(inside, channel.threads.longestSeconds["invoke"] ?? 0) * 1000
                guard milliseconds <= promptMilliseconds else {
                    throw CheckFailure(
                        "invoke took \(Int(milliseconds)) ms; it must hand its work to a thread of its own")
                }
                return .passed
            }
        },
        Check("answers 64 calls at once") { context throws(CheckFailure) in
            try await context.withInstance { channel throws(CheckFailure) in
                let sinks = (1...64).map { index in
                    var request = context.samples.streaming ?? context.samples.unknownMethod
                    request.callID = UInt64(index)
                    let sink = ProbeSink()
                    channel.invoke(request, into: sink)
                    return sink
                }
                for sink in sinks {
                    guard await sink.waitForEnd(seconds: context.seconds) else {
                        let count = sinks.count { $0.hasEnded }
                        throw CheckFailure("only \(count) of 64 calls had finished after \(context.seconds) s")
                    }
                }
                return .passed
            }
        },
        Check("ignores the cancel of a call that it does not know, or has finished") { context throws(CheckFailure) in
            try await context.withInstance { channel throws(CheckFailure) in
                channel.cancelUnknown(7)
                var request = context.samples.unknownMethod
                request.callID = 8
                _ = try await context.answer(to: request, on: channel)
                channel.cancelUnknown(8)
                channel.cancelUnknown(8)
                request.callID = 9
                let sink = try await context.answer(to: request, on: channel)
                return try expect(sink.error, LSP_UNSUPPORTED, "the call after it")
            }
        },
    ]

    private static func expect(
        _ error: CallError?, _ status: Int, _ what: String
    ) throws(CheckFailure) -> CheckResult.Outcome {
        guard let error else { throw CheckFailure("\(what) was answered with LSP_OK") }
        guard error.code.abiStatus == Int32(status) else {
            throw CheckFailure("\(what): wanted status \(status), got \(error.code.abiStatus) (\(error))")
        }
        return .passed
    }
}
