import CommandSupport
import Foundation

/// Where a person types: with an editor and what was typed before where the terminal and the machine have both, a line
/// at a time otherwise.
final class ChatTerminal: Sendable {
    private static let prompt = "> "
    private let screen: Int32
    private let editor: LineEditor?
    private let history: ChatHistory?

    private init(screen: Int32, editor: LineEditor?, history: ChatHistory?) {
        (self.screen, self.editor, self.history) = (screen, editor, history)
    }

    /// nil where standard input is no terminal.
    static func open() -> ChatTerminal? {
        guard isatty(STDIN_FILENO) == 1 else { return nil }
        // Answers may go elsewhere.
        let screen = isatty(STDOUT_FILENO) == 1 ? STDOUT_FILENO : STDERR_FILENO
        let environment = ProcessInfo.processInfo.environment
        let canEdit = isatty(screen) == 1 && !["", "dumb"].contains(environment["TERM"] ?? "")
        guard canEdit, let editor = LineEditor(input: STDIN_FILENO, output: screen) else {
            if canEdit, let problem = LineEditor.problem {
                Output.show("lines can't be edited: \(problem) (install libedit2)\n", on: screen)
            }
            return ChatTerminal(screen: screen, editor: nil, history: nil)
        }
        let history = ChatHistory(environment: environment)
        for entry in history?.entries() ?? [] { editor.remember(entry) }
        return ChatTerminal(screen: screen, editor: editor, history: history)
    }

    func show(_ text: String) { Output.show(text, on: screen) }

    func read() async -> LineEditor.Entry {
        show("\n")
        guard let editor else {
            show(Self.prompt)
            let line = try? await OwnThread.run { readLine() }
            return line.map { .text($0) } ?? .end
        }
        let entry = await editor.read(prompt: Self.prompt)
        if case .text(let text) = entry, !text.allSatisfy(\.isWhitespace) {
            editor.remember(text)
            // A talk without its history is a talk.
            try? history?.add(text)
        }
        return entry
    }
}
