import ContractBridge
import Host
import LlamaStackAPI
import Runtimes

extension Check {
    /// Answers the library's providers too.
    static let loading = Check("can be loaded", .descriptor, waits: 3) { context throws(CheckFailure) in
        for provider in try context.describe().providers {
            context.report.provider("\(provider.api) \(provider.type)")
        }
    }

    static let descriptorChecks = [
        Check("changes nothing in the process when it is loaded", .descriptor, staysInline: true, waits: 3) {
            context throws(CheckFailure) in
            let before = ProcessFingerprint.now(), threads = ProcessUsage.now().threads
            _ = try context.load()
            let changes = ProcessFingerprint.now().changes(since: before)
            guard changes.isEmpty else {
                throw CheckFailure("loading changed " + changes.joined(separator: "\nloading changed "))
            }
            let more = ProcessUsage.now().threads - threads
            // The ones that called dlopen and the entry may still be on their way out.
            guard more <= 2 || LibraryMapping.of(context.setup.library)?.threads().isEmpty ?? true else {
                throw CheckFailure("its constructors or its entry started threads; only create may")
            }
        },
        Check("names an API and a type that a distribution can name", .descriptor, waits: 3) {
            context throws(CheckFailure) in
            let descriptor = try context.descriptor()
            guard API(rawValue: descriptor.api) != nil else {
                throw CheckFailure(
                    "'api' is \(Quote.of(descriptor.api)), wanted one of \(API.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            if let problem = Identifiers.typeProblem(descriptor.type) {
                throw CheckFailure("'type' is \(Quote.of(descriptor.type)), \(problem)")
            }
            guard !descriptor.version.isEmpty else { throw CheckFailure("'version' is empty") }
        },
        Check("was built for this host", .descriptor, waits: 3) { context throws(CheckFailure) in
            let library = try context.describe()
            guard library.providers.indices.contains(context.setup.provider) else { return }
            let descriptor = library.providers[context.setup.provider]
            do throws(PluginRefusal) {
                _ = try library.provider(api: descriptor.api, type: descriptor.type)
            } catch {
                throw CheckFailure("\(error)")
            }
        },
        Check("names methods of its API", .descriptor, waits: 3) { context throws(CheckFailure) in
            let descriptor = try context.descriptor()
            guard let api = API(rawValue: descriptor.api) else {
                throw CheckFailure.skip("\(Quote.of(descriptor.api)) is not an API of the draft")
            }
            guard !descriptor.methods.isEmpty else { throw CheckFailure("'methods' is empty") }
            for method in descriptor.methods {
                guard let endpoint = Endpoints.find(api, method.name) else {
                    throw CheckFailure("'methods' names \(Quote.of(method.name)), which \(api.rawValue) does not have")
                }
                guard !method.streams || endpoint.streaming != .never else {
                    throw CheckFailure("'methods' says that '\(method.name)' streams; that API's does not")
                }
            }
        },
        Check("needs only APIs that there are, and not its own", .descriptor, waits: 3) {
            context throws(CheckFailure) in
            let descriptor = try context.descriptor()
            for need in descriptor.needs {
                let api = need.hasSuffix("?") ? String(need.dropLast()) : need
                // Not an API: a kind of resource that it is told of, or the host's own service.
                guard ResourceKind.inSection(api) == nil, api != NetworkCall.target else { continue }
                guard API(rawValue: api) != nil else {
                    let all = API.allCases.map(\.rawValue)
                    let close = Spelling.closest(to: api, in: all).map { " (did you mean '\($0)'?)" } ?? ""
                    throw CheckFailure("'needs' names \(Quote.of(api)), which is no API\(close)")
                }
                guard api != descriptor.api else {
                    throw CheckFailure("'needs' names its own API, '\(api)': the host refuses that as a cycle")
                }
            }
            for kind in descriptor.resources ?? [] where !ResourceKind.all.contains(where: { $0.name == kind }) {
                let all = ResourceKind.all.map(\.name)
                let close = Spelling.closest(to: kind, in: all).map { " (did you mean '\($0)'?)" } ?? ""
                throw CheckFailure("'resources' names \(Quote.of(kind)), which is no kind of resource\(close)")
            }
        },
        Check("lets no unknown key into its config", .descriptor, waits: 3) { context throws(CheckFailure) in
            guard try context.descriptor().configSchema["additionalProperties"] == .bool(false) else {
                throw CheckFailure(
                    "'config_schema' must say \"additionalProperties\": false, or slips of the pen go unseen")
            }
        },
    ]
}
