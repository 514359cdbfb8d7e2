import CProviderABI
import Foundation
import LlamaStackAPI

extension Check {
    static let streamChecks = [
        Check("waits while the reader is behind") { context throws(CheckFailure) in
            try context.withStream { instance, request throws(CheckFailure) in
                let call = try instance.invoke(request, holding: true)
                guard call.record.waitForFirstWrite(context.seconds) else {
                    throw CheckFailure("nothing was written within \(context.seconds) s")
                }
                try context.expectStream(call.record)
                // Time in which a provider that does not wait would go on.
                _ = call.record.waitForWriteWhilePaused(1)
                let early = call.record.writesWhilePaused
                call.record.release()
                _ = call.record.waitForEnd(context.seconds)
                guard early == 0 else {
                    throw CheckFailure("wrote \(early) more times after LSP_PAUSE without waiting")
                }
                guard call.record.count > 1 else { throw CheckFailure.skip("the sample's answer has one event only") }
                guard call.record.hasEnded else {
                    throw CheckFailure(
                        "the call was not finished within \(context.seconds) s of its reader catching up")
                }
            }
        },
        Check("ends a stream that is cancelled") { context throws(CheckFailure) in
            try context.withStream { instance, request throws(CheckFailure) in
                let call = try instance.invoke(request, holding: true)
                guard call.record.waitForFirstWrite(context.seconds) else {
                    throw CheckFailure("nothing was written within \(context.seconds) s")
                }
                try context.expectStream(call.record)
                if call.record.hasEnded { throw CheckFailure.skip("the sample's answer is too short to cancel") }
                try instance.cancel(call)
                try context.expectEnd(of: call)
            }
        },
        Check("ends a call that is cancelled at once") { context throws(CheckFailure) in
            try context.withStream { instance, request throws(CheckFailure) in
                let call = try instance.invoke(request, holding: true)
                try instance.cancel(call)
                try instance.cancel(call)
                try context.expectEnd(of: call)
            }
        },
    ]
}

extension CheckContext {
    /// An instance and a request that streams.
    fileprivate func withStream(
        _ body: (ProbeInstance, ProbeRequest) throws(CheckFailure) -> Void
    ) throws(CheckFailure) {
        try withSamples { instance, samples throws(CheckFailure) in
            if let request = samples.streaming { return try body(instance, request) }
            guard let (first, then) = samples.streamingAfterwards else {
                throw CheckFailure.skip("the kit has no sample of a stream for its API")
            }
            let made = try instance.answer(to: first)
            guard made.status == Int32(LSP_OK) else {
                throw CheckFailure.skip("\(first.method) was refused with \(made.errorText)")
            }
            try body(instance, then)
        }
    }

    /// The sample was refused: nothing can be seen.
    fileprivate func expectStream(_ call: CallRecord) throws(CheckFailure) {
        if call.hasEnded, call.status != Int32(LSP_OK) {
            throw CheckFailure.skip("the sample was refused with \(call.errorText)")
        }
    }

    fileprivate func expectEnd(of call: ProbeInstance.Prepared) throws(CheckFailure) {
        let limit = min(5, seconds)
        guard call.record.waitForEnd(limit) else {
            throw CheckFailure("the call was not finished within \(limit) s of its cancel")
        }
    }
}
