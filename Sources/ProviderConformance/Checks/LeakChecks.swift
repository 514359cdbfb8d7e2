import CProviderABI
import Foundation

extension Check {
    static let leakChecks = [
        Check("leaks nothing over 1,000 calls", staysInline: true, waits: 8) { context throws(CheckFailure) in
            try context.withSamples { instance, samples throws(CheckFailure) in
                let leaks = LeakWatch(context, instance, samples)
                try leaks.run()
            }
        },
        Check("leaks nothing when it is created and destroyed again and again", staysInline: true, waits: 8) {
            context throws(CheckFailure) in
            let provider = try context.provider()
            let end = ContinuousClock.now + .seconds(context.seconds * 2)
            var after: [ProcessUsage] = []
            while after.count < 12, ContinuousClock.now < end {
                try ProbeInstance.make(provider, context).destroy()
                after.append(ProcessUsage.now())
            }
            guard after.count >= 4 else { throw CheckFailure.skip("create takes too long to be tried often") }
            // Descriptors opened once for the library are there after the second instance.
            let more = after[after.count - 1].descriptors - after[1].descriptors
            let times = after.count - 2
            guard more < times else {
                throw CheckFailure("after \(times) more instances \(more) more descriptors are open")
            }
            let threads = after[after.count - 1].threads - after[1].threads
            guard threads < max(times, 8) else {
                throw CheckFailure("after \(times) more instances \(threads) more threads are alive")
            }
        },
    ]
}

/// A thousand calls: some refused, some answered, some cancelled. What grows in the second half as in the first is a
/// leak.
private struct LeakWatch {
    private let context: CheckContext
    private let instance: ProbeInstance
    private let requests: [ProbeRequest]

    /// Allocators and caches move by megabytes; a leak of 16 KiB a call shows.
    private static let bytesMax = 8 << 20
    private static let descriptorsMax = 8
    private static let threadsMax = 16

    init(_ context: CheckContext, _ instance: ProbeInstance, _ samples: SampleRequests) {
        (self.context, self.instance) = (context, instance)
        requests = [SampleRequests.unknownMethod] + (samples.briefStreaming.map { [$0] } ?? [])
    }

    func run() throws(CheckFailure) {
        // Half of the calls, then the other half, each within a time limit.
        let warm = try calls(100)
        let first = try calls(450)
        let middle = ProcessUsage.now()
        let second = try calls(450)
        let end = ProcessUsage.now()
        guard warm + first >= 60, second >= 30 else {
            throw CheckFailure.skip(
                "its calls take too long for a count that means something: \(warm + first + second)")
        }
        func grown(_ what: String, _ amount: Int, _ most: Int) throws(CheckFailure) {
            guard amount > most else { return }
            throw CheckFailure("over the last \(second) of \(warm + first + second) calls \(what) grew by \(amount)")
        }
        try grown("the open descriptors", end.descriptors - middle.descriptors, Self.descriptorsMax)
        try grown("the threads", end.threads - middle.threads, Self.threadsMax)
        try grown("the memory in use", end.bytes - middle.bytes, Self.bytesMax)
    }

    /// How many were made.
    private func calls(_ count: Int) throws(CheckFailure) -> Int {
        let end = ContinuousClock.now + .seconds(context.seconds)
        for index in 0..<count {
            guard ContinuousClock.now < end else { return index }
            let call = instance.prepare(requests[index % requests.count])
            instance.invokeHere(call)
            if index % 3 == 0 {
                call.record.close()
                instance.cancelHere(call.id)
            }
            guard call.record.waitForEnd(context.seconds) else {
                throw CheckFailure("call \(index + 1) was not finished within \(context.seconds) s")
            }
            instance.forget(call)
        }
        return count
    }
}
