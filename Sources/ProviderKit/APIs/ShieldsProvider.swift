import LlamaStackAPI

/// One shield of a distribution, made from its entry's `config`: what a ``ShieldsProvider`` has many of.
public protocol Shield: Sendable {
    /// The `config` of an entry.
    associatedtype Configuration: WireRecord
    /// The `params` of a request, but for `on_violation`, which is the caller's and every shield takes.
    associatedtype Settings: WireRecord

    /// Throw a ``ConfigurationError`` for what is wrong with the config beyond its schema.
    init(configuration: Configuration) throws

    /// One sentence for lists of shields.
    var description: String { get }
    /// How many bytes of a stream the shield must see at once to find all that it looks for; nil: the whole text.
    var holdBytes: Int? { get }

    /// Judges a conversation; a violation is an answer. Throw `invalidRequest` with the field `params.<name>` for a
    /// setting that does not fit, also when there are no messages, and another error when the shield can't judge: a
    /// caller takes no error for a pass. Called on one of Swift's shared threads: compute in ``OffPool``.
    func judge(_ messages: [Message], _ settings: Settings, _ call: Call) async throws -> RunShieldResponse
}

extension Shield {
    /// The default, nil: the shield must see the whole text.
    public var holdBytes: Int? { nil }
}

/// A provider of `safety` whose shields are one type: registering, listing and finding them are done.
///
///     struct Lengths: ShieldsProvider {
///         static let providerType = "inline::length"
///         static let version = "1.0.0"
///         static let summary = "Objects to long messages."
///         let shields = Registered<LengthShield>()
///         init(configuration: NoConfiguration, context: ProviderContext) {}
///     }
public protocol ShieldsProvider: SafetyProvider {
    /// The type of its shields.
    associatedtype Item: Shield

    /// The shields of the distribution.
    var shields: Registered<Item> { get }
}

extension ShieldsProvider {
    /// Shields alone.
    public static var resources: [ResourceKind]? { [.shield] }

    /// Makes the shield of an entry, or puts it in the place of the one with that id.
    public func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.shield.name else { throw Self.refusal(of: resource) }
        shields.put(resource.id, try Item(configuration: resource.configuration()))
    }

    /// Forgets the shield.
    public func unregister(_ resource: Resource) async throws { try shields.remove(resource) }

    /// The shields in the order of the distribution.
    public func list(_ call: Call) async throws -> [ListedShield] {
        shields.all.map { id, shield in
            ListedShield(
                shieldType: ShieldType(rawValue: id), description: shield.description, holdBytes: shield.holdBytes)
        }
    }

    /// Reads the params, and has the shield judge. Throws `notFound` when the shield is not registered.
    public func runShield(_ request: RunShieldRequest, _ call: Call) async throws -> RunShieldResponse {
        guard let shield = shields[call.resource] else {
            throw ProviderError(.notFound, "there is no shield '\(call.resource)'", field: "shield_type")
        }
        let params = try ShieldParams<Item.Settings>(
            json: .object(request.shield.params), at: FieldPath.root["params"])
        return try await shield.judge(request.messages, params.settings, call)
    }
}

/// The params of a request: the shield's own, and the caller's.
struct ShieldParams<Settings: WireRecord>: WireRecord {
    var settings: Settings
    var onViolation: OnViolation

    static var object: Object<Self> {
        Object(
            Settings.object.name, isComponent: false, Self.init,
            Inline(\.settings, Settings.object),
            Field("on_violation", \.onViolation, default: .raise, "For the caller."))
    }
}
