import LlamaStackAPI
import Synchronization

/// The tools of several providers on their way into one list: the lines whose tools calls can reach. A tool with a name
/// that no model could write is left out, and of two with one name the second; each with a warning.
final class ToolLines: Sendable {
    /// A provider whose line is longer breaks the contract.
    static let lineBytesMax = 1 << 20

    private struct State {
        var pending: [UInt8] = []
        /// The provider that has a name: "tools/builtin".
        var owners: [String: String] = [:]
    }

    private let log: ToolWarnings
    private let state = Mutex(State())

    init(log: ToolWarnings) { self.log = log }

    /// The lines to pass on, of those that these bytes end; nil when one is too long.
    ///
    /// - Parameter label: of the provider that wrote them.
    func take(_ bytes: [UInt8], of label: String) -> [UInt8]? {
        state.withLock { state in
            var passed: [UInt8] = []
            state.pending += bytes
            while let end = state.pending.firstIndex(of: UInt8(ascii: "\n")) {
                let line = state.pending[..<end]
                if line.count <= Self.lineBytesMax, isListed(Array(line), of: label, &state.owners) {
                    passed += line + [UInt8(ascii: "\n")]
                }
                state.pending.removeSubrange(...end)
            }
            return state.pending.count > Self.lineBytesMax ? nil : passed
        }
    }

    /// The provider writes no more: a line that it did not end is none.
    func end() { state.withLock { $0.pending = [] } }

    /// A provider that can't say which tools it has.
    func leaveOut(_ label: String, _ error: CallError) {
        log.warn("the tools of \(label) are left out of the list: \(error.message)")
    }

    private func isListed(_ line: [UInt8], of label: String, _ owners: inout [String: String]) -> Bool {
        guard !line.isEmpty else { return false }
        guard let name = (try? JSON(parsing: line))?["tool_name"]?.stringValue, ListedTool.isName(name) else {
            let name = (try? JSON(parsing: line))?["tool_name"]?.text ?? "none"
            log.warn(
                "a tool of \(label) is left out: its name must be 1 to 64 of A-Z, a-z, 0-9, _ and -, "
                    + "got \(Quote.short(name))")
            return false
        }
        guard let owner = owners[name] else {
            owners[name] = label
            return true
        }
        log.warn("the tool \(Quote.short(name)) of \(label) is left out: \(owner) has one of that name")
        return false
    }
}

/// The warnings about tools, each once: an agent lists them in every turn.
final class ToolWarnings: Sendable {
    private static let keptMax = 1000

    private let log: LogSink
    private let given = Mutex<Set<String>>([])

    init(log: LogSink) { self.log = log }

    func warn(_ message: String) {
        let isNew = given.withLock { given in
            if given.count >= Self.keptMax { given.removeAll() }
            return given.insert(message).inserted
        }
        if isNew { log.log(.warning, message) }
    }
}
