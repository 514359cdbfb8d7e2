/// One kind of insecure code, as data: what to look for, why, and an example that shows it.
package struct CodeRule: Sendable {
    /// Its name in violations and settings.
    package let id: String
    /// Why it is insecure, and what to write instead.
    package let reason: String
    /// Code that has it.
    package let example: String
    /// Code for the same purpose that has it not.
    package let instead: String
    let matches: [Match]

    init(_ id: String, _ reason: String, example: String, instead: String, _ matches: Match...) {
        (self.id, self.reason, self.example, self.instead, self.matches) = (id, reason, example, instead, matches)
    }

    /// All rules, in the order in which findings are told.
    package static let all: [CodeRule] = execution + deserialization + transport + cryptography + web + files

    package static let ids: [String] = all.map(\.id)
}

/// One thing that a rule looks for. Names are dotted and whole, as after the file's imports; `*.run` is any object's
/// `run`, and `a.b.*` any name of `a.b`.
enum Match: Sendable {
    /// An import of a module, or of one below it.
    case imports([String])
    /// A call. `with` is a module that the code must name, for methods whose object is not known.
    case calls([String], [Condition] = [], with: String? = nil)
    /// A name anywhere: called, passed or compared.
    case mentions([String])
    /// An assignment to an attribute: `x.check_hostname = False`.
    case assigns(String, to: [String])
    /// A statement of SQL that is put together from parts.
    case builtQuery
    /// Characters that turn the direction of what a person reads.
    case turnedText
}

/// An argument of a call: by its keyword, or by its place. All conditions of a match must hold.
struct Condition: Sendable {
    enum Test: Sendable {
        /// The argument is there, and is one of these: a name, a number, or a string without its quotes. Lower case.
        case isOneOf([String])
        /// The argument is not there, or is none of these. Doesn't hold when `*` or `**` may bring the argument.
        case isNoneOf([String])
        /// The argument is there and is no literal, nor a name that is only given literals.
        case isDynamic
        /// A literal string that begins so, in lower case.
        case begins([String])
        /// A string, or one within the argument, that contains this.
        case contains([String])
        /// A number less than this.
        case isBelow(Int)
        /// A file mode that lets others write.
        case isOpenMode
        /// Neither a hash of 40 hexadecimal digits nor a name that may hold one.
        case isNoCommit
        /// The literal name of a repository, `organisation/name`, and no path.
        case isRepository
        /// The literal 0.0.0.0, an empty one or `::`, first in a pair.
        case isEveryInterface
        /// Not a literal that begins with http:// or https://.
        case isNotWeb
        /// The argument is no call of a function with this name.
        case isNotCallTo(String)
    }

    var keyword: String
    var place: Int?
    var test: Test

    init(_ keyword: String, _ test: Test) { (self.keyword, self.test) = (keyword, test) }

    init(_ keyword: String, _ place: Int, _ test: Test) {
        (self.keyword, self.place, self.test) = (keyword, place, test)
    }
}
