import CProcessProbe
import CProviderABI
import Dispatch
import Foundation

extension Check {
    static let crowdChecks = [
        Check("answers 64 calls at once", waits: 8) { context throws(CheckFailure) in
            try context.withSamples { instance, samples throws(CheckFailure) in
                var calls: [ProbeInstance.Prepared] = []
                for _ in 0..<64 { calls.append(try instance.invoke(samples.streaming ?? SampleRequests.unknownMethod)) }
                try context.expectAll(calls)
            }
        },
        Check("takes calls and cancels from 8 threads at once", waits: 8) { context throws(CheckFailure) in
            try context.withSamples { instance, samples throws(CheckFailure) in
                let request = samples.streaming ?? SampleRequests.unknownMethod
                let calls = (0..<128).map { _ in instance.prepare(request) }
                let gone = DispatchSemaphore(value: 0)
                context.report.at("invoke and cancel from 8 threads")
                for thread in 0..<8 {
                    let caller = Thread {
                        pp_enter_thread("caller")
                        for call in calls[(thread * 16)..<(thread * 16 + 16)] {
                            instance.invokeHere(call)
                            if call.id % 3 == 0 {
                                call.record.close()
                                instance.cancelHere(call.id)
                            }
                        }
                        gone.signal()
                    }
                    caller.start()
                }
                let end = DispatchTime.now() + context.seconds
                for _ in 0..<8 where gone.wait(timeout: end) != .success {
                    throw CheckFailure(
                        "8 threads with 16 calls each had not returned from invoke after \(context.seconds) s")
                }
                try context.expectAll(calls)
            }
        },
    ]
}

extension CheckContext {
    fileprivate func expectAll(_ calls: [ProbeInstance.Prepared]) throws(CheckFailure) {
        let end = ContinuousClock.now + .seconds(seconds)
        for call in calls {
            guard call.record.waitForEnd(max(0, (end - .now) / .seconds(1))) else {
                let count = calls.count { $0.record.hasEnded }
                throw CheckFailure("only \(count) of \(calls.count) calls had finished after \(seconds) s")
            }
        }
    }
}
