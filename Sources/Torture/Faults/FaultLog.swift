/// A server's log lines about the faulty provider, without the parts that differ from run to run.
struct FaultLog {
    private let lines: [String]

    init(_ lines: [String]) { self.lines = lines }

    /// Why it is left out of the start.
    var leftOut: String? {
        lines.compactMap { $0.firstMatch(of: #/optional provider inference\/faulty did not start: (.*)/#) }.first
            .map { Self.quoted(String($0.1)) }
    }

    /// The line with which a server ends that says whose code ended it.
    var lastWords: String? {
        lines.last { line in
            (line.hasPrefix("llama-stack: ") || line.contains(" error: "))
                && (line.contains("libfaults-provider.so") || line.contains("inference/faulty"))
        }
    }

    /// The most telling of its lines: what it broke, what it changed, else the first error or warning.
    var said: String? {
        let messages = lines.compactMap {
            $0.firstMatch(of: #/^\S+ (\w+) (?:inference\/faulty[^:]*|libfaults-provider.so): (.*)/#)
        }
        .map { (level: String($0.1), text: String($0.2)) }
        let broken =
            messages.first { $0.text.hasPrefix("broke the ") } ?? messages.first { $0.text.hasPrefix("changed ") }
        return (broken ?? messages.first { ["error", "warning"].contains($0.level) }).map { Self.quoted($0.text) }
    }

    /// Paths, numbers of processes, addresses and the fields behind a message are not the same twice.
    private static func quoted(_ text: String) -> String {
        var text = text.replacing(#/ [a-z_]+=\S.*$/#, with: "")
        text = text.replacing(#/\/[^ :]*\/(lib[^ :\/]*)/#) { String($0.1) }
        text = text.replacing(#/0x[0-9a-f]{4,}/#, with: "0x…").replacing(#/in \d+ ms/#, with: "soon")
        // The value before depends on the machine.
        text = text.replacing(#/\(\w+ to (\w+)\)/#) { "(to \($0.1))" }
        text = text.replacing(#/runs 'swift [^']*'/#, with: "runs another")
        text = text.replacing("|", with: "\\|").replacing("`", with: "'")
        return "“" + (text.count > 160 ? text.prefix(160) + "…" : text) + "”"
    }
}
