import CProviderABI
import LlamaStackAPI

/// One kind of provider that a library holds, read and checked.
package struct ProviderDescriptor: Sendable {
    package struct Method: Sendable, Hashable {
        package var name: String
        package var streams: Bool
        /// The options, beyond the draft, that it honours.
        package var options: [String]
    }

    package var api: String
    /// "inline::cpu".
    package var type: String
    package var version: String
    /// "none", or "swift 6.3".
    package var runtime: String
    package var description: String
    package var configSchema: JSON
    package var methods: [Method]
    /// The APIs that it calls through the host.
    package var needs: [String]
    /// The kinds of resource that it takes; nil when it does not say (before version 1.1 it could not).
    package var resources: [String]?
    let pointer: DescriptorPointer

    package func method(_ name: String) -> Method? { methods.first { $0.name == name } }
}

/// Constant and alive for ever, as the contract says: libraries are never unloaded.
struct DescriptorPointer: @unchecked Sendable {
    let address: UnsafePointer<lsp_provider>
    /// A copy: nothing past the library's own struct_size may be read, and what an older one lacks is NULL here.
    let pointee: lsp_provider

    init(_ address: UnsafePointer<lsp_provider>) {
        self.address = address
        var copy = lsp_provider()
        let size = min(Int(address.pointee.struct_size), MemoryLayout<lsp_provider>.size)
        withUnsafeMutableBytes(of: &copy) { $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: size)) }
        pointee = copy
    }
}

/// Why a library can't be used: one sentence that names the file.
package struct PluginRefusal: Error, Sendable, CustomStringConvertible {
    package var code: String
    package var message: String
    package var hint: String?
    init(_ code: String, _ message: String, hint: String? = nil) {
        (self.code, self.message, self.hint) = (code, message, hint)
    }
    package var description: String { message + (hint.map { "\n  hint: \($0)" } ?? "") }
}

extension ProviderDescriptor {
    /// A string of the descriptor longer than this is taken for a damaged one.
    static let textBytesMax = 1 << 20

    /// - Parameter index: its place in the module, for messages.
    init(reading address: UnsafePointer<lsp_provider>, index: Int, file: String) throws(PluginRefusal) {
        let place = "\(file): provider \(index)"
        // Nothing past struct_size may be read.
        let size = address.pointee.struct_size
        guard size >= 112 else {
            throw PluginRefusal("bad_descriptor", "\(place): lsp_provider.struct_size is \(size), wanted at least 112")
        }
        pointer = DescriptorPointer(address)
        let raw = pointer.pointee
        func text(_ pointer: UnsafePointer<CChar>?, _ field: String) throws(PluginRefusal) -> String {
            guard let pointer else { throw PluginRefusal("bad_descriptor", "\(place): '\(field)' is NULL") }
            var length = 0
            while length < Self.textBytesMax, pointer[length] != 0 { length += 1 }
            guard length < Self.textBytesMax else {
                throw PluginRefusal(
                    "bad_descriptor", "\(place): '\(field)' does not end within \(Self.textBytesMax) bytes")
            }
            let bytes = UnsafeRawBufferPointer(start: pointer, count: length)
            guard let text = String(validating: bytes, as: UTF8.self) else {
                throw PluginRefusal("bad_descriptor", "\(place): '\(field)' is not UTF-8")
            }
            return text
        }
        func json(_ pointer: UnsafePointer<CChar>?, _ field: String) throws(PluginRefusal) -> JSON {
            let text = try text(pointer, field)
            do {
                return try JSON(parsing: text)
            } catch {
                throw PluginRefusal("bad_descriptor", "\(place): '\(field)' is \(error)")
            }
        }
        api = try text(raw.api, "api")
        type = try text(raw.type, "type")
        version = try text(raw.version, "version")
        runtime = try text(raw.runtime, "runtime")
        description = try text(raw.description, "description")
        configSchema = try json(raw.config_schema, "config_schema")
        guard !api.isEmpty, !type.isEmpty else {
            throw PluginRefusal("bad_descriptor", "\(place): 'api' and 'type' must not be empty")
        }
        if let problem = ConfigSchema.problem(of: configSchema) {
            throw PluginRefusal("bad_descriptor", "\(place): 'config_schema' \(problem)")
        }
        methods = try Self.methods(try json(raw.methods, "methods"), place)
        needs = try Self.words(try json(raw.needs, "needs"), "needs", place)
        if raw.resources != nil {
            resources = try Self.words(try json(raw.resources, "resources"), "resources", place)
        }
        let functions: [(String, Bool)] = [
            ("create", raw.create == nil), ("invoke", raw.invoke == nil), ("cancel", raw.cancel == nil),
            ("destroy", raw.destroy == nil),
        ]
        if let missing = functions.first(where: \.1) {
            throw PluginRefusal("bad_descriptor", "\(place): '\(missing.0)' is NULL")
        }
    }

    private static func methods(_ json: JSON, _ place: String) throws(PluginRefusal) -> [Method] {
        let wanted = "must be an array of {\"name\", \"stream\"?, \"options\"?}"
        guard case .array(let items) = json else {
            throw PluginRefusal("bad_descriptor", "\(place): 'methods' \(wanted), got \(json.kind)")
        }
        var methods: [Method] = []
        for item in items {
            guard let name = item["name"]?.stringValue, !name.isEmpty else {
                throw PluginRefusal("bad_descriptor", "\(place): 'methods' \(wanted); one has no name")
            }
            guard !methods.contains(where: { $0.name == name }) else {
                throw PluginRefusal("bad_descriptor", "\(place): 'methods' names \(Quote.short(name)) twice")
            }
            var options: [String] = []
            if case .array(let list)? = item["options"] { options = list.compactMap(\.stringValue) }
            methods.append(Method(name: name, streams: item["stream"] == .bool(true), options: options))
        }
        return methods
    }

    private static func words(_ json: JSON, _ field: String, _ place: String) throws(PluginRefusal) -> [String] {
        let wanted = "must be an array of strings"
        guard case .array(let items) = json else {
            throw PluginRefusal("bad_descriptor", "\(place): '\(field)' \(wanted), got \(json.kind)")
        }
        var words: [String] = []
        for item in items {
            guard let word = item.stringValue else {
                throw PluginRefusal("bad_descriptor", "\(place): '\(field)' \(wanted), got \(item.kind)")
            }
            words.append(word)
        }
        return words
    }
}
