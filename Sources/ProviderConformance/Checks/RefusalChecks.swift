import CProviderABI
import LlamaStackAPI

extension Check {
    static let refusalChecks = [
        Check("answers an unknown method with LSP_UNSUPPORTED") { context throws(CheckFailure) in
            try context.withSamples { instance, _ throws(CheckFailure) in
                try instance.answer(to: SampleRequests.unknownMethod).expect(LSP_UNSUPPORTED, "an unknown method")
            }
        },
        Check("answers an unknown field with LSP_INVALID") { context throws(CheckFailure) in
            try context.withEachMethod { instance, samples, method throws(CheckFailure) in
                guard let request = samples.unknownField(method) else { return }
                try instance.answer(to: request).expect(LSP_INVALID, "an unknown field of \(method)")
            }
        },
        Check("answers a body that is not JSON with LSP_BAD_REQUEST") { context throws(CheckFailure) in
            try context.withEachMethod { instance, samples, method throws(CheckFailure) in
                guard let request = samples.notJSON(method) else { return }
                try instance.answer(to: request).expect(LSP_BAD_REQUEST, "a body of \(method) that is not JSON")
            }
        },
        Check("refuses a body that breaks the schema", waits: 12) { context throws(CheckFailure) in
            try context.withEachMethod { instance, samples, method throws(CheckFailure) in
                guard let schema = samples.endpoint(method)?.body else { return }
                let end = ContinuousClock.now + .seconds(context.seconds * 2)
                for mutation in Samples.mutations(of: schema).prefix(400) where ContinuousClock.now < end {
                    var request = ProbeRequest(method, mutation.json, resource: samples.resource(method))
                    request.parameters = samples.endpoint(method).map { Samples.sample(of: $0.query) } ?? [:]
                    let call = try instance.answer(to: request)
                    guard [Int32(LSP_INVALID), Int32(LSP_BAD_REQUEST)].contains(call.status) else {
                        throw CheckFailure(
                            "\(method) with \(mutation.why): wanted LSP_INVALID, got \(call.errorText); the body was "
                                + String(mutation.json.text.prefix(300)))
                    }
                }
            }
        },
        Check("refuses an option that it does not support") { context throws(CheckFailure) in
            try context.withEachMethod { instance, samples, method throws(CheckFailure) in
                guard let request = samples.unknownOption(method) else { return }
                let call = try instance.answer(to: request)
                try call.expect(LSP_BAD_REQUEST, "an unknown option of \(method)")
                guard call.errorCode == "unsupported_option" else {
                    throw CheckFailure(
                        "an unknown option of \(method): wanted the code unsupported_option, got \(call.errorText)")
                }
            }
        },
        Check("answers a resource of an unknown kind with LSP_UNSUPPORTED") { context throws(CheckFailure) in
            try context.withSamples { instance, _ throws(CheckFailure) in
                try instance.answer(to: SampleRequests.unknownKind).expect(
                    LSP_UNSUPPORTED, "register of an unknown kind")
            }
        },
        Check("ignores the cancel of a call that it does not know, or has finished", staysInline: true) {
            context throws(CheckFailure) in
            try context.withSamples { instance, _ throws(CheckFailure) in
                try instance.cancel(1 << 40)
                let call = try instance.invoke(SampleRequests.unknownMethod)
                guard call.record.waitForEnd(context.seconds) else {
                    throw CheckFailure("a call was not finished within \(context.seconds) s of a cancel of another")
                }
                try instance.cancel(call.id)
                try instance.cancel(call.id)
                try instance.answer(to: SampleRequests.unknownMethod).expect(LSP_UNSUPPORTED, "the call after it")
            }
        },
    ]
}

extension CallRecord {
    func expect(_ wanted: Int, _ what: String) throws(CheckFailure) {
        guard status == Int32(wanted) else {
            throw CheckFailure("\(what): wanted \(ErrorText.name(Int32(wanted))), got \(errorText)")
        }
    }
}

extension CheckContext {
    /// With each method that takes a JSON object.
    fileprivate func withEachMethod(
        _ body: (ProbeInstance, SampleRequests, String) throws(CheckFailure) -> Void
    ) throws(CheckFailure) {
        try withSamples { instance, samples throws(CheckFailure) in
            let methods = samples.methodsWithObject
            guard !methods.isEmpty else { throw CheckFailure.skip("none of its methods takes a JSON object") }
            for method in methods { try body(instance, samples, method) }
        }
    }
}
