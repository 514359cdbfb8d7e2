/// Swift's libraries on Linux carry no version in their names, so a provider says which Swift it was built with, and
/// the host refuses another. The rule: major and minor of the compiler; patch releases of one minor work together. A
/// new minor is a new line here; a compiler newer than this file is known by the last line.
package enum SwiftRuntime {
    #if compiler(>=6.6)
    package static let own = "swift 6.6"
    #elseif compiler(>=6.5)
    package static let own = "swift 6.5"
    #elseif compiler(>=6.4)
    package static let own = "swift 6.4"
    #elseif compiler(>=6.3)
    package static let own = "swift 6.3"
    #else
    package static let own = "swift 6.2"
    #endif

    /// Whether a library that says `runtime` can run in this process.
    package static func matches(_ runtime: String) -> Bool {
        runtime == "none" || runtime == own || runtime.hasPrefix(own + ".")
    }
}
