import CProviderABI
import ContractBridge
import LlamaStackAPI

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
        let raw = DescriptorPointer(address).pointee
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
        guard api != NetworkCall.target else {
            throw PluginRefusal(
                "bad_descriptor", "\(place): 'api' is '\(api)', which is the host's own service and no API")
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
