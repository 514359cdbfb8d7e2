import CProcessProbe
import ContractBridge

/// A signal by its name.
enum SignalName {
    static func of(_ number: Int32) -> String {
        pp_signal_name(number).map { String(cString: $0) } ?? "signal \(number)"
    }
}

/// The library's own words inside a message of the kit.
extension Quote {
    /// In quotation marks, at most 60 characters.
    static func of(_ text: String) -> String { short(text, charactersMax: 60) }
    /// One line of at most 300 characters, without quotation marks.
    static func line(_ text: String) -> String { printable(text, charactersMax: 300) }
}
