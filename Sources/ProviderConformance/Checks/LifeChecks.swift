import CProviderABI
import ContractBridge
import Foundation
import LlamaStackAPI
import Runtimes

extension Check {
    /// Nothing that needs an instance is tried when this fails.
    static let readiness = Check("becomes ready and stops", waits: 8) { context throws(CheckFailure) in
        try context.withInstance { _ throws(CheckFailure) in }
        context.report.at("the library's destructors")
    }

    static let lifeChecks = [
        readiness,
        Check("can be created twice at once", staysInline: true, waits: 12) { context throws(CheckFailure) in
            let provider = try context.provider()
            let first = try ProbeInstance.make(provider, context)
            let second = try ProbeInstance.make(provider, context)
            try first.destroy()
            // The second one must not have gone with the first.
            _ = try second.answer(to: SampleRequests.unknownMethod)
            try second.destroy()
        },
        Check("answers a bad config in time, with an array of complaints", needsReadiness: false) {
            context throws(CheckFailure) in
            let ready = try ProbeInstance.ready(
                context.provider(), config: ["conformance_unknown_key": true], context)
            guard let ready else { throw CheckFailure("'ready' was not finished within \(context.seconds) s") }
            if ready.status == Int32(LSP_OK) {
                throw CheckFailure.skip("it leaves unknown keys of its config to the host")
            }
            guard ready.status == Int32(LSP_BAD_CONFIG) else {
                throw CheckFailure("wanted LSP_BAD_CONFIG, got \(ready.errorText)")
            }
            guard case .array(let items)? = try? JSON(parsing: ready.error), !items.isEmpty,
                items.allSatisfy({ $0["pointer"]?.stringValue != nil && $0["message"]?.stringValue != nil })
            else {
                throw CheckFailure(
                    "the error must be an array of {\"pointer\", \"code\", \"message\"}, got "
                        + Quote.of(String(decoding: ready.error, as: UTF8.self)))
            }
        },
        Check("stops while calls run", waits: 8) { context throws(CheckFailure) in
            let provider = try context.provider()
            let samples = SampleRequests(context, provider.descriptor)
            let instance = try ProbeInstance.make(provider, context)
            var calls: [ProbeInstance.Prepared] = []
            for _ in 0..<8 {
                calls.append(try instance.invoke(samples.streaming ?? SampleRequests.unknownMethod, holding: true))
            }
            try instance.destroy()
            let left = calls.count { !$0.record.hasEnded }
            guard left == 0 else { throw CheckFailure("destroy was done with \(left) of 8 calls unfinished") }
        },
        Check("leaves nothing behind after destroy", staysInline: true, waits: 10) { context throws(CheckFailure) in
            let provider = try context.provider()
            let samples = SampleRequests(context, provider.descriptor)
            let before = ProcessUsage.now()
            let instance = try ProbeInstance.make(provider, context)
            if let request = samples.streaming { _ = try instance.answer(to: request) }
            _ = try instance.answer(to: SampleRequests.unknownMethod)
            try instance.destroy()
            // Time for a late event to arrive.
            Thread.sleep(forTimeInterval: 0.5)
            let threads = LibraryMapping.of(context.setup.library)?.threads() ?? []
            guard threads.isEmpty else {
                let names = threads.prefix(4).map(Quote.of).joined(separator: ", ")
                throw CheckFailure("\(threads.count) threads still run its code 0.5 s after destroy was done: \(names)")
            }
            let children = ProcessUsage.children()
            guard children.isEmpty else {
                throw CheckFailure("it left child processes behind: \(children.joined(separator: ", "))")
            }
            let more = ProcessUsage.now().descriptors - before.descriptors
            guard more <= 4 else { throw CheckFailure("it left \(more) descriptors open") }
        },
    ]
}
