import CEdit
import CommandSupport
import Foundation

/// Texts that a person edits at a terminal. One is read at a time.
final class LineEditor: Sendable {
    enum Entry: Equatable, Sendable {
        /// May have several lines: what is pasted is one text.
        case text(String)
        /// ^C: the person gives the text up.
        case interrupted
        /// ^D, or the terminal is gone.
        case end
    }

    // Used by one thread at a time.
    private nonisolated(unsafe) let editor: OpaquePointer

    /// Why this machine has no editor; nil where it has one.
    static var problem: String? { cedit_load().map { String(cString: $0) } }

    /// nil where this machine has no libedit, or it can't work on the terminal.
    init?(input: Int32, output: Int32) {
        guard Self.problem == nil, let editor = cedit_open("llama-stack", input, output) else { return nil }
        self.editor = editor
    }

    deinit { cedit_close(editor) }

    /// Adds a text to those that the arrow keys bring back.
    func remember(_ text: String) { cedit_remember(editor, text) }

    func read(prompt: String) async -> Entry {
        let entry = try? await OwnThread.run { [self] () -> Entry in
            var text: UnsafeMutablePointer<CChar>?
            let result = cedit_read(editor, prompt, &text)
            defer { free(text) }
            switch result {
            case CEDIT_TEXT: return text.map { .text(String(cString: $0)) } ?? .end
            case CEDIT_INTERRUPTED: return .interrupted
            default: return .end
            }
        }
        return entry ?? .end
    }
}
