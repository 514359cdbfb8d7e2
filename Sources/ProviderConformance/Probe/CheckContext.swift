import ContractBridge
import Foundation
import LlamaStackAPI
import Runtimes

/// The provider under test and the tools of a check.
final class CheckContext: Sendable {
    let setup: ChildSetup
    let report: Reporter
    let folders = StateFolders()

    init(setup: ChildSetup, report: Reporter) { (self.setup, self.report) = (setup, report) }

    var seconds: Double { setup.secondsMax }

    /// The ids of the resources of a kind that were given.
    func ids(of kind: ResourceKind) -> [String] {
        setup.resources.filter { $0["kind"]?.stringValue == kind.name }.compactMap { $0["id"]?.stringValue }
    }

    /// The library, loaded within the limit.
    func load() throws(CheckFailure) -> PluginLibrary {
        let path = setup.library
        report.at("the library's constructors (dlopen)")
        let isOpen = CallerThread.run(withinSeconds: seconds) { dlopen(path, RTLD_NOW | RTLD_LOCAL) != nil }
        guard isOpen != nil else {
            throw CheckFailure("dlopen did not return within \(seconds) s: a constructor of the library hangs")
        }
        report.at("llama_stack_provider_v1")
        let loaded = CallerThread.run(withinSeconds: seconds) {
            Result { () throws(PluginRefusal) -> PluginLibrary in try PluginLibrary.load(path) }
        }
        guard let loaded else {
            throw CheckFailure("llama_stack_provider_v1 did not return within \(seconds) s")
        }
        do throws(PluginRefusal) {
            let library = try loaded.get()
            LibraryMapping.of(path)?.nameForCrashes()
            report.at("")
            return library
        } catch {
            throw CheckFailure(error.description)
        }
    }

    /// The library's description, read in the process in which its instances will run.
    func describe() throws(CheckFailure) -> LibraryDescription {
        guard setup.isOverSocket else { return try load().description }
        report.at("what the library says of itself")
        let path = setup.library, runtime = try processRuntime(log: .discard)
        let described = Blocking.wait { () -> Result<LibraryDescription, PluginRefusal> in
            do throws(PluginRefusal) { return .success(try await runtime.describe(path)) } catch {
                return .failure(error)
            }
        }
        do throws(PluginRefusal) { return try described.get() } catch { throw CheckFailure(error.description) }
    }

    /// The host's own: a process that ends is not started again, and has what this one was given.
    func processRuntime(log: LogSink) throws(CheckFailure) -> ProcessRuntime {
        var settings = IsolationSettings()
        settings.restart.crashesMax = 1
        // Later than the check itself, which says what it waited for.
        settings.cancelSeconds = 2 * seconds
        settings.environment = Array(ProcessInfo.processInfo.environment.keys)
        // Each write pauses its writer until the kit has taken it, as the kit's own sinks do.
        settings.creditBytes = 1
        do throws(PluginRefusal) {
            return try ProcessRuntime(settings: settings, loadSecondsMax: seconds, log: log)
        } catch {
            throw CheckFailure(error.description)
        }
    }

    /// The provider that this check is about.
    func provider() throws(CheckFailure) -> TestedProvider {
        guard setup.isOverSocket else { return .loaded(try mine(of: load().providers)) }
        return .apart(try mine(of: describe().providers))
    }

    private func mine<Provider>(of providers: [Provider]) throws(CheckFailure) -> Provider {
        guard providers.indices.contains(setup.provider) else {
            throw CheckFailure("the library holds \(providers.count) providers, and held more when it was loaded first")
        }
        return providers[setup.provider]
    }

    /// The provider's description of itself.
    func descriptor() throws(CheckFailure) -> ProviderDescriptor { try provider().descriptor }
}
