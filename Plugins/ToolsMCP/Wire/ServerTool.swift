import ProviderKit

/// One tool as its server lists it.
struct ServerTool: Sendable, Equatable {
    /// The server's own name for it.
    var name: String
    var description: String
    var parameters: JSONObject
    /// Arguments that go into a header too.
    var headers: [HeaderMark]

    /// A sentence about a tool that is left out.
    struct Refusal: Error, Equatable { var sentence: String }

    init(_ json: JSON) throws(Refusal) {
        guard let name = json["name"]?.stringValue, !name.isEmpty else {
            throw Refusal(sentence: "a tool has no name")
        }
        // Before it stands in a sentence of others.
        guard name.utf8.count <= MessageLimits.nameBytesMax else {
            throw Refusal(
                sentence: "the tool '\(name.prefix(40))…' has a name of \(name.utf8.count) bytes; nameBytesMax is "
                    + "\(MessageLimits.nameBytesMax)")
        }
        func refusal(_ sentence: String) -> Refusal { Refusal(sentence: "the tool '\(name.prefix(80))' \(sentence)") }
        guard let parameters = json["inputSchema"]?.objectValue, parameters["type"] == "object" else {
            throw refusal("has an inputSchema that is not of an object")
        }
        let bytes = JSON.object(parameters).bytes.count
        guard bytes <= MessageLimits.schemaBytesMax else {
            throw refusal("has an inputSchema of \(bytes) bytes; schemaBytesMax is \(MessageLimits.schemaBytesMax)")
        }
        self.name = name
        self.parameters = parameters
        description = Self.cut(json["description"]?.stringValue ?? json["title"]?.stringValue ?? name)
        do { headers = try HeaderMark.all(in: parameters) } catch { throw refusal(error.sentence) }
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > MessageLimits.descriptionBytesMax else { return text }
        return String(decoding: text.utf8.prefix(MessageLimits.descriptionBytesMax), as: UTF8.self)
    }

    /// `<server>_<name>`, in the characters that a call's name may have.
    func callName(server: String) -> String {
        let plain = name.map { ListedTool.isName(String($0)) ? $0 : "_" }
        return "\(server)_" + String(plain)
    }
}

/// One page of a list of tools.
struct ToolPage: Sendable, Equatable {
    var tools: [ServerTool] = []
    /// Sentences about those that are left out.
    var refusals: [String] = []
    var nextCursor: String?
    /// nil: it does not say.
    var ttlMilliseconds: Int64?

    init(_ result: JSON) throws(ServerFault) {
        guard case .array(let items)? = result["tools"] else { throw .broken("its list of tools is none") }
        for item in items.prefix(MessageLimits.toolsMax + 1) {
            do { tools.append(try ServerTool(item)) } catch { refusals.append(error.sentence) }
        }
        nextCursor = result["nextCursor"]?.stringValue
        if case .integer(let milliseconds)? = result["ttlMs"] { ttlMilliseconds = max(0, milliseconds) }
    }
}
