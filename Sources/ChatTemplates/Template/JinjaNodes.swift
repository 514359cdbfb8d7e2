extension Jinja {
    /// Something with a value.  Nodes are classes: a value of this type is two words, so that frames stay small.
    protocol Expression: AnyObject, Sendable {
        func value(_ machine: Machine) throws(TemplateError) -> Value
    }

    /// Something that writes, sets or decides.
    protocol Statement: AnyObject, Sendable {
        var line: Int { get }
        func run(_ machine: Machine) throws(TemplateError) -> Flow
    }

    /// How a statement ended.
    enum Flow: Sendable { case next, breakLoop, continueLoop }

    /// A name by its place in the template's table of names.
    typealias Name = Int

    /// The target of a `for` or a `set`.
    indirect enum Target: Sendable {
        case name(Name)
        case tuple([Target])
        case attribute(Name, of: String, String)
    }

    /// The arguments of a call, a filter or a test, not yet evaluated.
    struct CallArguments: Sendable {
        var positional: [any Expression] = []
        var named: [(String, any Expression)] = []
        /// `*list`, added to the positional ones.
        var spread: (any Expression)?
        /// `**dict`, added to the named ones.
        var namedSpread: (any Expression)?
        var isEmpty: Bool { positional.isEmpty && named.isEmpty && spread == nil && namedSpread == nil }
    }

    /// A macro as written; a `call` block is one without a name.
    final class MacroDefinition: Sendable {
        let name: String
        let parameters: [(name: Name, text: String, fallback: (any Expression)?)]
        let body: [any Statement]
        let extras: Extras
        init(
            name: String, parameters: [(name: Name, text: String, fallback: (any Expression)?)], body: [any Statement],
            extras: Extras
        ) {
            (self.name, self.parameters, self.body, self.extras) = (name, parameters, body, extras)
        }
    }

    /// The names by which a macro's body takes what its parameters do not; nil for one that it does not use.
    struct Extras: Sendable {
        var caller: Name?
        var varargs: Name?
        var kwargs: Name?
    }
}
