import CProviderABI
import Dispatch
import Host
import LlamaStackAPI

extension Check {
    static let lifecycleChecks = [
        Check("names methods of its API") { context throws(CheckFailure) in
            guard let api = API(rawValue: context.descriptor.api) else {
                return .notExercised("'\(context.descriptor.api)' is not an API of the draft")
            }
            guard !context.descriptor.methods.isEmpty else { throw CheckFailure("'methods' is empty") }
            for method in context.descriptor.methods {
                guard let endpoint = Endpoints.find(api, method.name) else {
                    throw CheckFailure("'methods' names '\(method.name)', which \(api.rawValue) does not have")
                }
                guard !method.streams || endpoint.streaming != .never else {
                    throw CheckFailure("'methods' says that '\(method.name)' streams; that API's does not")
                }
            }
            return .passed
        },
        Check("lets no unknown key into its config") { context throws(CheckFailure) in
            guard context.descriptor.configSchema["additionalProperties"] == .bool(false) else {
                throw CheckFailure(
                    "'config_schema' must say \"additionalProperties\": false, or slips of the pen go unseen")
            }
            return .passed
        },
        Check("becomes ready and stops") { context throws(CheckFailure) in
            try await context.stop(try await context.makeInstance())
            return .passed
        },
        Check("can be created twice at once") { context throws(CheckFailure) in
            let first = try await context.makeInstance()
            let second = try await context.makeInstance()
            try await context.stop(first)
            // The second one must not have gone with the first.
            _ = try await context.answer(to: context.samples.unknownMethod, on: second)
            try await context.stop(second)
            return .passed
        },
        Check("answers a bad config in time, with an array of complaints") { context throws(CheckFailure) in
            do throws(CreateFailure) {
                let channel = try await InlineChannel.alone(
                    context.provider, providerID: "conformance", config: ["conformance_unknown_key": true],
                    log: context.log.sink, withinSeconds: context.seconds)
                await channel.close(withinSeconds: context.seconds)
                return .notExercised("it leaves unknown keys to the host")
            } catch {
                guard error.status != Int32(LSP_TIMEOUT) else { throw CheckFailure("'ready' was not finished") }
                guard error.status == Int32(LSP_BAD_CONFIG) else {
                    throw CheckFailure("wanted status \(LSP_BAD_CONFIG) (LSP_BAD_CONFIG), got \(error.status)")
                }
                guard let json = try? JSON(parsing: error.error), case .array(let items) = json,
                    items.allSatisfy({ $0["pointer"]?.stringValue != nil && $0["message"]?.stringValue != nil })
                else {
                    throw CheckFailure("the error must be an array of {\"pointer\", \"code\", \"message\"}")
                }
                return .passed
            }
        },
        Check("stops while calls run") { context throws(CheckFailure) in
            let channel = try await context.makeInstance()
            var sinks: [ProbeSink] = []
            for index in 0..<8 {
                var request = context.samples.streaming ?? context.samples.unknownMethod
                request.callID = UInt64(index + 1)
                let sink = ProbeSink(holding: true)
                channel.invoke(request, into: sink)
                sinks.append(sink)
            }
            guard await channel.close(withinSeconds: context.seconds) else {
                throw CheckFailure("destroy did not finish 'done' within \(context.seconds) s")
            }
            if let violation = context.log.violations.first { throw CheckFailure(violation) }
            guard sinks.allSatisfy(\.hasEnded) else { throw CheckFailure("calls were left unfinished by destroy") }
            return .passed
        },
    ]
}
