import CProviderABI
import Foundation
import LlamaStackAPI

/// A provider library that is loaded, and what it holds. Libraries are never unloaded: threads and caches of theirs
/// may outlive every instance.
package struct PluginLibrary: Sendable {
    /// More providers than this in one library is a damaged module.
    static let providersMax = 256

    package var path: String
    /// Of the header that it was built with.
    package var abiMajor: Int
    package var abiMinor: Int
    package var providers: [ProviderDescriptor]

    /// Checks the file, opens it, reads and checks what it holds. Blocks: call it off Swift's pool. Runs the library's
    /// constructors, so the caller has decided to trust it.
    ///
    /// - Parameter log: is told what of the process's state the library changed.
    package static func load(_ path: String, log: LogSink = .discard) throws(PluginRefusal) -> PluginLibrary {
        try PluginFile.check(path)
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let module = try ProviderCode.watched(name, "load", log) { () throws(PluginRefusal) in try open(path) }
        return try PluginLibrary(reading: module, path)
    }

    private static func open(_ path: String) throws(PluginRefusal) -> UnsafePointer<lsp_module> {
        guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            throw PluginRefusal("library_unloadable", "\(path): \(lastError(path))")
        }
        let entry = try entryPoint(handle, path)
        guard let module = entry(UInt32(LSP_ABI_MINOR)) else {
            throw PluginRefusal("library_refused", "\(path): \(LSP_ENTRY_SYMBOL) answered NULL")
        }
        return module
    }

    private init(reading module: UnsafePointer<lsp_module>, _ path: String) throws(PluginRefusal) {
        self.path = path
        let size = module.pointee.struct_size
        guard size >= 24 else {
            throw PluginRefusal("bad_module", "\(path): lsp_module.struct_size is \(size), wanted at least 24")
        }
        abiMajor = Int(module.pointee.abi_major)
        abiMinor = Int(module.pointee.abi_minor)
        guard abiMajor == Int(LSP_ABI_MAJOR), abiMinor <= Int(LSP_ABI_MINOR) else {
            throw PluginRefusal(
                "abi_mismatch",
                "\(path): was built for version \(abiMajor).\(abiMinor) of the provider contract; "
                    + "this host speaks \(LSP_ABI_MAJOR).\(LSP_ABI_MINOR)",
                hint: "use a newer llama-stack, or build the provider with this one's header")
        }
        let count = Int(module.pointee.provider_count)
        guard (1...Self.providersMax).contains(count) else {
            throw PluginRefusal(
                "bad_module", "\(path): lsp_module.provider_count is \(count), wanted 1 to \(Self.providersMax)")
        }
        guard let list = module.pointee.providers else {
            throw PluginRefusal("bad_module", "\(path): lsp_module.providers is NULL")
        }
        providers = []
        for index in 0..<count {
            guard let provider = list[index] else {
                throw PluginRefusal("bad_module", "\(path): lsp_module.providers[\(index)] is NULL")
            }
            let descriptor = try ProviderDescriptor(reading: provider, index: index, file: path)
            guard !providers.contains(where: { $0.api == descriptor.api && $0.type == descriptor.type }) else {
                throw PluginRefusal("bad_module", "\(path): holds \(descriptor.api) \(descriptor.type) twice")
            }
            providers.append(descriptor)
        }
    }

    private static func entryPoint(
        _ handle: UnsafeMutableRawPointer, _ path: String
    ) throws(PluginRefusal) -> @convention(c) (UInt32) -> UnsafePointer<lsp_module>? {
        if let symbol = dlsym(handle, LSP_ENTRY_SYMBOL) {
            return unsafeBitCast(symbol, to: (@convention(c) (UInt32) -> UnsafePointer<lsp_module>?).self)
        }
        for major in 0...99 where major != Int(LSP_ABI_MAJOR) {
            guard dlsym(handle, "llama_stack_provider_v\(major)") != nil else { continue }
            throw PluginRefusal(
                "abi_mismatch",
                "\(path): speaks version \(major) of the provider contract (llama_stack_provider_v\(major)); "
                    + "this host speaks version \(LSP_ABI_MAJOR)",
                hint: "use a provider and a llama-stack of the same major version")
        }
        throw PluginRefusal(
            "missing_symbol", "\(path): is not a Llama Stack provider: it does not export \(LSP_ENTRY_SYMBOL)")
    }

    private static func lastError(_ path: String) -> String {
        guard let text = dlerror() else { return "the dynamic linker refuses it" }
        let message = String(cString: text)
        // The linker's text begins with the path too.
        return message.hasPrefix(path + ": ") ? String(message.dropFirst(path.count + 2)) : message
    }

    /// The provider of an entry, fit to run in this host.
    func provider(api: String, type: String) throws(PluginRefusal) -> ProviderDescriptor {
        guard let provider = providers.first(where: { $0.api == api && $0.type == type }) else {
            let held = providers.map { "\($0.api) \($0.type)" }.joined(separator: ", ")
            throw PluginRefusal("provider_not_in_library", "\(path): has no \(api) \(type); it holds \(held)")
        }
        guard provider.runtime == "none" || SwiftRuntime.matches(provider.runtime) else {
            throw PluginRefusal(
                "runtime_mismatch",
                "\(path): was built with \(Quote.short(provider.runtime)); this host runs '\(SwiftRuntime.own)'",
                hint: "Swift providers must be built with the host's Swift version: build it again")
        }
        return provider
    }
}

/// The Swift version of this process. Its libraries on Linux carry none in their names.
enum SwiftRuntime {
    #if compiler(>=6.6)
    static let own = "swift 6.6"
    #elseif compiler(>=6.5)
    static let own = "swift 6.5"
    #elseif compiler(>=6.4)
    static let own = "swift 6.4"
    #elseif compiler(>=6.3)
    static let own = "swift 6.3"
    #else
    static let own = "swift 6.2"
    #endif

    static func matches(_ runtime: String) -> Bool { runtime == own || runtime.hasPrefix(own + ".") }
}
