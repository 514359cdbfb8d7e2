import CProviderABI
import ContractBridge
import LlamaStackAPI
import Synchronization

/// Runs provider libraries in this process.
package struct InlineRuntime: ProviderRuntime {
    private let log: LogSink
    private let loadSecondsMax: Double

    /// - Parameters:
    ///   - log: is told what of the process's state a library changes when it is loaded.
    ///   - loadSecondsMax: how long a library may take to load and say what it holds.
    package init(log: LogSink = .discard, loadSecondsMax: Double = ProcessRuntime.loadSecondsMax) {
        (self.log, self.loadSecondsMax) = (log, loadSecondsMax)
    }

    package func describe(_ path: String) async throws(PluginRefusal) -> LibraryDescription {
        let loaded = Once<Result<PluginLibrary, PluginRefusal>>()
        OffPool.start { [log] in loaded.set(LoadedLibraries.result(path, log)) }
        let stuck = PluginRefusal(
            PluginRefusal.stuck,
            "\(path): its constructors or \(LSP_ENTRY_SYMBOL) did not return within \(Quote.seconds(loadSecondsMax)) s",
            hint: "with `isolation: process` the server starts without it, where its entry says `optional: true`")
        loaded.set(.failure(stuck), afterSeconds: loadSecondsMax)
        return try await loaded.value().get().description
    }

    /// The file at this path as it was when this process loaded it; nil when it did not. May wait for a load.
    package static func stampWhenLoaded(_ path: String) -> FileStamp? { LoadedLibraries.stamp(path) }

    package func create(
        _ setup: InstanceSetup, host: HostReach, withinSeconds seconds: Double
    ) async throws(CreateFailure) -> any Channel {
        try await createHere(setup, host: host, withinSeconds: seconds)
    }

    func createHere(
        _ setup: InstanceSetup, host: HostReach, withinSeconds seconds: Double
    ) async throws(CreateFailure) -> InlineChannel {
        let library: PluginLibrary
        do throws(PluginRefusal) {
            library = try await OffPool.run { LoadedLibraries.result(setup.library, log) }.get()
        } catch {
            throw CreateFailure(CallError(.internal, error.description))
        }
        guard let provider = library.provider(api: setup.provider.api, type: setup.provider.type) else {
            throw CreateFailure(CallError(.internal, "\(setup.library) no longer holds \(setup.provider.type)"))
        }
        return try await InlineChannel.create(provider, setup, host: host, withinSeconds: seconds)
    }
}

/// The libraries that this process has loaded. A library's entry is called once, however many instances it has.
private enum LoadedLibraries {
    private static let loaded = Mutex<[String: (library: PluginLibrary, stamp: FileStamp?)]>([:])

    static func stamp(_ path: String) -> FileStamp? { loaded.withLock { $0[path]?.stamp } }

    static func result(_ path: String, _ log: LogSink) -> Result<PluginLibrary, PluginRefusal> {
        loaded.withLock { loaded in
            if let known = loaded[path] { return .success(known.library) }
            do throws(PluginRefusal) {
                let stamp = FileStamp(path: path)
                let library = try PluginLibrary.load(path, log: log)
                loaded[path] = (library, stamp)
                return .success(library)
            } catch {
                return .failure(error)
            }
        }
    }
}
