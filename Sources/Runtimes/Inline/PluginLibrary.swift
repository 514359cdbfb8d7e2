import CProviderABI
import ContractBridge
import Foundation
import LlamaStackAPI

/// A provider library that is loaded, and what it holds. Libraries are never unloaded: threads and caches of theirs
/// may outlive every instance.
package struct PluginLibrary: Sendable {
    /// More providers than this in one library is a damaged module.
    static let providersMax = 256

    package let description: LibraryDescription
    /// In the order of the description.
    private let pointers: [DescriptorPointer]

    package var providers: [LoadedProvider] {
        zip(description.providers, pointers).map { LoadedProvider(descriptor: $0, pointer: $1) }
    }

    package func provider(api: String, type: String) -> LoadedProvider? {
        providers.first { $0.descriptor.api == api && $0.descriptor.type == type }
    }

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
        let size = module.pointee.struct_size
        guard size >= 24 else {
            throw PluginRefusal("bad_module", "\(path): lsp_module.struct_size is \(size), wanted at least 24")
        }
        let abiMajor = Int(module.pointee.abi_major), abiMinor = Int(module.pointee.abi_minor)
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
        var providers: [ProviderDescriptor] = []
        var pointers: [DescriptorPointer] = []
        for index in 0..<count {
            guard let provider = list[index] else {
                throw PluginRefusal("bad_module", "\(path): lsp_module.providers[\(index)] is NULL")
            }
            let descriptor = try ProviderDescriptor(reading: provider, index: index, file: path)
            guard !providers.contains(where: { $0.api == descriptor.api && $0.type == descriptor.type }) else {
                throw PluginRefusal("bad_module", "\(path): holds \(descriptor.api) \(descriptor.type) twice")
            }
            providers.append(descriptor)
            pointers.append(DescriptorPointer(provider))
        }
        description = LibraryDescription(path: path, abiMajor: abiMajor, abiMinor: abiMinor, providers: providers)
        self.pointers = pointers
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
}

/// One kind of provider of a library that is loaded in this process.
package struct LoadedProvider: Sendable {
    package let descriptor: ProviderDescriptor
    package let pointer: DescriptorPointer
}

/// Constant and alive for ever, as the contract says: libraries are never unloaded.
package struct DescriptorPointer: @unchecked Sendable {
    package let address: UnsafePointer<lsp_provider>
    /// A copy: nothing past the library's own struct_size may be read, and a function that an older one does not have
    /// is NULL here.
    package let pointee: lsp_provider

    init(_ address: UnsafePointer<lsp_provider>) {
        self.address = address
        var copy = lsp_provider()
        let size = min(Int(address.pointee.struct_size), MemoryLayout<lsp_provider>.size)
        withUnsafeMutableBytes(of: &copy) { $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size)) }
        pointee = copy
    }
}
