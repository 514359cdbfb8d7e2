import ProviderKit

/// The `config:` of an `inline::python` entry of `tools`.
package struct PythonConfiguration: WireRecord {
    package var limits: CageLimits
    package var callsAtOnceMax: Int
    package var python: String
    package var bubblewrap: String

    package static let object = Object(
        "PythonConfiguration", isComponent: false, Self.init,
        Inline(\.limits, CageLimits.object),
        Field(
            "calls_at_once_max", \.callsAtOnceMax, default: 4, check: .within(1...64),
            "Calls that run at once, each in a cage of its own; others wait."),
        Field("python", \.python, default: "/usr/bin/python3", "The Python that runs the code; a file below /usr."),
        Field("bubblewrap", \.bubblewrap, default: "/usr/bin/bwrap", "The program that makes the cage."))
}
