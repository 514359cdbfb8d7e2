import CProviderABI
import LlamaStackAPI
import Runtimes

extension Check {
    static let answerChecks = [
        Check("answers each method whole, as its schema says", waits: 20) { context throws(CheckFailure) in
            try context.withSamples { instance, samples throws(CheckFailure) in
                let methods = samples.independentMethods.filter { samples.endpoint($0)?.streaming != .always }
                guard !methods.isEmpty else {
                    throw CheckFailure.skip("every method is about something that must be made first")
                }
                for method in methods {
                    try context.tell(method) { () throws(CheckFailure) in
                        try instance.judge(samples.requests(method), samples.endpoint(method))
                    }
                }
                try ListedFlow(context: context, instance: instance, samples: samples).run()
            }
        },
        Check("streams each method that streams, as its schema says", waits: 12) { context throws(CheckFailure) in
            try context.withSamples { instance, samples throws(CheckFailure) in
                let methods = samples.independentMethods.filter { samples.descriptor.method($0)?.streams == true }
                guard !methods.isEmpty else { throw CheckFailure.skip("no method streams by itself") }
                for method in methods {
                    try context.tell(method) { () throws(CheckFailure) in
                        try instance.judge(samples.requests(method, streams: true), samples.endpoint(method))
                    }
                }
            }
        },
    ]
}

extension ProbeInstance {
    /// The same request for one model or shield after the other, until one of them is right for it.
    fileprivate func judge(_ requests: [ProbeRequest], _ endpoint: EndpointDescription?) throws(CheckFailure) {
        guard let endpoint else { return }
        for (index, request) in requests.enumerated() {
            let call = try answer(to: request)
            if index + 1 < requests.count, AnswerJudge.isAboutResource(call, endpoint) { continue }
            return try AnswerJudge.check(call, request, endpoint)
        }
    }
}

extension CheckContext {
    /// One result of several: what `body` throws is about `subject` alone.
    func tell(_ subject: String, _ body: () throws(CheckFailure) -> Void) throws(CheckFailure) {
        do throws(CheckFailure) {
            try body()
            report.result(.passed, subject: subject)
        } catch {
            report.result(error.outcome, error.message, subject: subject)
        }
    }
}
