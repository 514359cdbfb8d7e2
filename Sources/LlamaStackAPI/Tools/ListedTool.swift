/// A tool that a provider of `tools` runs: one line of the list.
public struct ListedTool: WireRecord, Hashable {
    /// The name in calls: 1 to 64 of `A-Z a-z 0-9 _ -`. The host leaves out a tool with another name, and one whose
    /// name an earlier provider of the distribution has.
    public var toolName: String
    /// Its purpose and when to use it, for the model.
    public var description: String
    /// A JSON Schema of the arguments. Empty: the tool takes none.
    public var parameters: JSONObject
    /// Whether a call would be answered now.
    public var isAvailable: Bool
    /// Why it is not available; nil when it is.
    public var reason: String?

    /// A tool that is available unless a reason says why not.
    public init(toolName: String, description: String, parameters: JSONObject = [:], unavailable reason: String? = nil)
    {
        self.init(
            toolName: toolName, description: description, parameters: parameters, isAvailable: reason == nil,
            reason: reason)
    }

    private init(toolName: String, description: String, parameters: JSONObject, isAvailable: Bool, reason: String?) {
        self.toolName = toolName
        self.description = description
        self.parameters = parameters
        self.isAvailable = isAvailable
        self.reason = reason
    }

    /// Whether calls can use the name. Model output and grammars are made of names, so these are plain.
    public static func isName(_ name: String) -> Bool {
        (1...64).contains(name.utf8.count)
            && name.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ListedTool", Self.init(toolName:description:parameters:isAvailable:reason:),
        Field("tool_name", \.toolName, "The tool's name."),
        Field("description", \.description, "What it is for, as the model shall read it."),
        Field("parameters", \.parameters, whenAbsent: [:], "A JSON Schema of the arguments."),
        Field("is_available", \.isAvailable, "Whether a call would be answered now."),
        Field("reason", \.reason, "Why it is not available."))
}
