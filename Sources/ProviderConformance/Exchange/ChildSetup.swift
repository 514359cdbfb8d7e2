import LlamaStackAPI

/// The setup of a check's process, passed as one command-line argument.
struct ChildSetup: Sendable {
    /// The hidden command of `llama-stack` that runs one check.
    static let command = ["plugin", "run-check"]

    var check: String
    /// Which of the library's providers.
    var provider: Int
    var library: String
    var config: JSON
    var resources: [JSON]
    var secondsMax: Double
    /// The provider runs in one more process, as under `isolation: process`.
    var isOverSocket = false

    func text(parent: Int32) -> String {
        let json: JSON = [
            "check": .string(check), "provider": .integer(Int64(provider)), "library": .string(library),
            "config": config,
            "resources": .array(resources), "seconds": .number(secondsMax), "socket": .bool(isOverSocket),
            "parent": .integer(Int64(parent)),
        ]
        return json.text
    }

    /// nil when the text is none of ours.
    init?(_ text: String) {
        guard let json = try? JSON(parsing: text), let check = json["check"]?.stringValue,
            let library = json["library"]?.stringValue, let config = json["config"],
            case .integer(let provider)? = json["provider"], case .array(let resources)? = json["resources"]
        else { return nil }
        let seconds: Double
        switch json["seconds"] {
        case .number(let value)?: seconds = value
        case .integer(let value)?: seconds = Double(value)
        default: return nil
        }
        self.init(
            check: check, provider: Int(provider), library: library, config: config, resources: resources,
            secondsMax: seconds)
        isOverSocket = json["socket"] == .bool(true)
    }

    init(check: String, provider: Int, library: String, config: JSON, resources: [JSON], secondsMax: Double) {
        (self.check, self.provider, self.library) = (check, provider, library)
        (self.config, self.resources, self.secondsMax) = (config, resources, secondsMax)
    }

    /// The process that started this one, by its own word.
    static func parent(in text: String) -> Int32? {
        guard case .integer(let parent)? = (try? JSON(parsing: text))?["parent"] else { return nil }
        return Int32(exactly: parent)
    }
}
