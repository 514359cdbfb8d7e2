import Foundation

/// One line on standard error that is written over; nothing when standard error is not a terminal.
package struct Progress {
    private let isShown = isatty(STDERR_FILENO) == 1

    package init() {}

    package func show(_ text: String) { if isShown { Output.status(text) } }
    package func clear() { show("") }
}
