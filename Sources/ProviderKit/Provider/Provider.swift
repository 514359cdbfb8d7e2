import LlamaStackAPI

/// One kind of provider: conform to the protocol of its API (``InferenceProvider``, …), and export it with one line.
///
///     struct Echo: InferenceProvider {
///         static let providerType = "inline::echo"
///         static let version = "1.0.0"
///         static let summary = "Says what it was told."
///         init(configuration: NoConfiguration, context: ProviderContext) {}
///         …
///     }
///
///     @c(llama_stack_provider_v1)
///     public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? { exportProviders(Echo.self) }
///
/// An instance is made for each entry of a distribution that names it. Its methods run at once, many of them, each in a
/// task of its own on Swift's shared threads: what computes or blocks for more than a millisecond belongs on a thread
/// or queue of the provider's own. A call that the client has given up is a cancelled task.
public protocol Provider: Sendable {
    /// Declared like a wire type: one `Object` gives the defaults, the strictness and the schema that the host checks a
    /// distribution against.
    associatedtype Configuration: WireRecord = NoConfiguration

    /// The API that it implements. Given by the API's protocol.
    static var api: API { get }
    /// Its name in a distribution: `inline::cpu` for one that does the work itself, `remote::openai` for one that asks
    /// another server.
    static var providerType: String { get }
    /// The provider's own version: `1.2.0`. The host shows it and compares nothing.
    static var version: String { get }
    /// One line for `llama-stack list providers`.
    static var summary: String { get }
    /// The APIs that it calls through the host. The host starts their providers first, and refuses calls to others.
    static var needs: [API] { get }
    /// The APIs that it calls when some provider serves them; it can start and serve without. The host refuses calls to
    /// others.
    static var wants: [API] { get }
    /// Whether it asks other servers, through ``CallsProviders/network``. What it may ask is for the distribution to
    /// say.
    static var needsNetwork: Bool { get }
    /// The kinds of resource that a distribution may list for it; nil: not said, and ``register(_:)`` is asked.
    static var resources: [ResourceKind]? { get }
    /// The configs of the resources that it takes, by kind. The host then checks them as it checks the provider's own:
    /// before anything is created, with the line of each mistake; and what is a server's URL in them, the provider may
    /// ask. A kind that is not here is checked by ``register(_:)`` alone.
    static var resourceConfigurations: [ResourceKind: Schema] { get }
    /// The kinds of which it is told every resource, whichever provider serves it: ``register(_:)`` and
    /// ``unregister(_:)`` are called with a ``Resource/provider``. No call names those.
    static var toldOf: [ResourceKind] { get }
    /// Methods of the API that this provider does not have: `["completion"]`. The host answers them 501 without asking.
    static var unsupported: Set<String> { get }
    /// The options of a call that each method supports, by the method's name: `["chat_completion": ["seed", "stop"]]`.
    /// A call with another one is refused before it reaches the method.
    static var options: [String: Set<String>] { get }
    /// Given by the API's protocol: how the contract's calls reach the methods.
    static var methods: [Method<Self>] { get }

    /// Returns when the instance can serve. Throw a ``ConfigurationError`` for what is wrong with the configuration.
    init(configuration: Configuration, context: ProviderContext) async throws

    /// A resource of the distribution (a model, an adapter, a shield) that this instance shall serve. Called for each
    /// before the first call, and later for what is announced. `resource.id` comes back as ``Call/resource``.
    ///
    /// An id that is served already is replaced in one step: the old one serves until the new one can, and goes on
    /// when this throws. Throw a ``ConfigurationError`` for what is wrong with ``Resource/config``.
    func register(_ resource: Resource) async throws
    /// Stops serving the resource with `resource.id`, or, for a kind of ``toldOf``, forgets it. Calls that already use
    /// it are left to end.
    ///
    /// Throw `notFound` when the id is not registered: the host takes that as done. Throw another error to keep serving
    /// it, as for a base model whose adapters are still registered.
    func unregister(_ resource: Resource) async throws

    /// Stops threads and closes files. Called once, when no call runs any more. The host waits for it, with a limit.
    func shutdown() async
}

extension Provider {
    /// The default: calls no API.
    public static var needs: [API] { [] }
    /// The default: calls no API.
    public static var wants: [API] { [] }
    /// The default: asks no other server.
    public static var needsNetwork: Bool { false }
    /// The default, nil: the distribution may list any kind, and ``register(_:)`` decides.
    public static var resources: [ResourceKind]? { nil }
    /// The default: what may stand in the configs of resources is not said.
    public static var resourceConfigurations: [ResourceKind: Schema] { [:] }
    /// The default: told of no other resource than its own.
    public static var toldOf: [ResourceKind] { [] }
    /// The default: every method of the API is offered.
    public static var unsupported: Set<String> { [] }
    /// The default: every option is refused.
    public static var options: [String: Set<String>] { [:] }

    /// The default for a provider without resources: throws ``refusal(of:)``.
    public func register(_ resource: Resource) async throws { throw Self.refusal(of: resource) }
    /// The default for a provider without resources: throws ``refusal(of:)``.
    public func unregister(_ resource: Resource) async throws { throw Self.refusal(of: resource) }
    /// The default for a provider that keeps nothing open: does nothing.
    public func shutdown() async {}

    /// The error for a resource of a kind that the provider does not serve: `notImplemented`. For an implementation of
    /// `register`.
    public static func refusal(of resource: Resource) -> ProviderError {
        ProviderError(
            .notImplemented, "\(providerType) takes no \(resource.kind) (got '\(resource.id)')", field: "kind")
    }
}
