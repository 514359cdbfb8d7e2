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
            func live() throws(CheckFailure) {
                let instance = try ProbeInstance.make(provider, context)
                if let request = samples.streaming { _ = try instance.answer(to: request) }
                _ = try instance.answer(to: SampleRequests.unknownMethod)
                try instance.destroy()
            }
            // The first one opens what the library keeps for all.
            try live()
            let before = ProcessUsage.openFiles()
            try live()
            // Time for a late event to arrive, and for what is ending to end, on a busy machine too.
            Thread.sleep(forTimeInterval: 0.5)
            let end = ContinuousClock.now + .seconds(context.seconds)
            while let left = context.leftBehind(since: before) {
                guard ContinuousClock.now < end else { throw CheckFailure(left) }
                Thread.sleep(forTimeInterval: 0.1)
            }
        },
    ]
}

extension CheckContext {
    /// Descriptors that a library's runtime opens once, and not for its first instance, as for the queue of its timers.
    private static let descriptorsMax = 4

    /// The first of what a destroyed instance left in the process.
    ///
    /// - Parameter before: the files that were open before it was created.
    fileprivate func leftBehind(since before: [Int32: String]) -> String? {
        let threads = LibraryMapping.of(setup.library)?.threads() ?? []
        if !threads.isEmpty {
            let names = threads.prefix(4).map(Quote.of).joined(separator: ", ")
            return "\(threads.count) threads still run its code after destroy was done: \(names)"
        }
        let children = ProcessUsage.children()
        if !children.isEmpty { return "it left child processes behind: \(children.joined(separator: ", "))" }
        let more = ProcessUsage.openFiles().filter { before[$0.key] != $0.value }
        guard more.count > Self.descriptorsMax else { return nil }
        let names = more.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
        return "it left \(more.count) descriptors open: \(names.joined(separator: ", "))"
    }
}
