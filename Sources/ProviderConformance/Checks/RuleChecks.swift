import CProviderABI
import Foundation
import LlamaStackAPI
import Runtimes

extension Check {
    /// Each of them makes the calls in which its rule is most often broken; what breaks it elsewhere is reported to it
    /// too.
    static let ruleChecks = [
        Check("finishes each call once, and is silent after it", rule: .finish, waits: 10) {
            context throws(CheckFailure) in
            try context.withUsualCalls()
            // Time for a late event to arrive.
            Thread.sleep(forTimeInterval: 0.5)
        },
        Check("writes as the contract says", rule: .writes) { context throws(CheckFailure) in
            try context.withUsualCalls()
        },
        Check("gives its errors as the contract says", rule: .errors) { context throws(CheckFailure) in
            try context.withUsualCalls()
        },
        Check("uses what it is lent only while it is lent", staysInline: true) { context throws(CheckFailure) in
            try context.withUsualCalls(isGuarded: true)
            Thread.sleep(forTimeInterval: 0.1)
        },
        Check("uses the host as the contract says", rule: .host) { context throws(CheckFailure) in
            try context.withUsualCalls()
        },
        Check("prints nothing on standard output", rule: .output, staysInline: true) { context throws(CheckFailure) in
            try context.withUsualCalls()
        },
        Check("leaves the process as it found it", rule: .state, staysInline: true, waits: 10) {
            context throws(CheckFailure) in
            let before = ProcessFingerprint.now()
            let provider = try context.provider()
            var seen = before
            func compare(_ when: String) {
                let now = ProcessFingerprint.now()
                for change in now.changes(since: seen) { context.report.broken(.state, "\(when) changed \(change)") }
                seen = now
            }
            // Loading has a check of its own.
            seen = ProcessFingerprint.now()
            let instance = try ProbeInstance.make(provider, context)
            compare("create")
            try context.usualCalls(on: instance)
            compare("a call")
            try instance.destroy()
            Thread.sleep(forTimeInterval: 0.2)
            compare("destroy")
        },
        Check("returns at once from create, invoke, cancel and destroy", rule: .prompt, staysInline: true, waits: 10) {
            context throws(CheckFailure) in
            try context.withInstance { instance throws(CheckFailure) in
                let samples = SampleRequests(context, instance.descriptor)
                let call = try instance.invoke(samples.streaming ?? SampleRequests.unknownMethod, holding: true)
                try instance.cancel(call)
                _ = call.record.waitForEnd(context.seconds)
            }
        },
    ]
}

extension CheckContext {
    fileprivate func withUsualCalls(isGuarded: Bool = false) throws(CheckFailure) {
        try withInstance(isGuarded: isGuarded) { instance throws(CheckFailure) in try usualCalls(on: instance) }
    }

    /// One of each: refused in every way there is, answered whole, streamed to its end, cancelled.
    fileprivate func usualCalls(on instance: ProbeInstance) throws(CheckFailure) {
        let samples = SampleRequests(self, instance.descriptor)
        var requests = [SampleRequests.unknownMethod, SampleRequests.unknownKind]
        if let method = samples.methodsWithObject.first {
            requests += [samples.notJSON(method), samples.unknownField(method), samples.unknownOption(method)]
                .compactMap(\.self)
        }
        for method in samples.independentMethods {
            if let request = samples.request(method) { requests.append(request) }
            if samples.descriptor.method(method)?.streams == true, let request = samples.request(method, streams: true)
            {
                requests.append(request)
            }
        }
        for request in requests { _ = try instance.answer(to: request) }
        guard let streaming = samples.streaming else { return }
        let call = try instance.invoke(streaming, holding: true)
        _ = call.record.waitForFirstWrite(seconds)
        try instance.cancel(call)
        guard call.record.waitForEnd(seconds) else {
            throw CheckFailure("\(call.record.name) was not finished within \(seconds) s of its cancel")
        }
    }
}
