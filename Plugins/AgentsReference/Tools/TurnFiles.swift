import ProviderKit

/// The files that a turn's tools made, for the reply.
struct TurnFiles: Sendable {
    static let filesMax = 8
    static let bytesMax = 4 << 20

    private(set) var kept: [ToolFile] = []
    private var bytes = 0

    /// Takes a result's files, which stand behind its content too, for a caller that has events alone; those that are
    /// over a limit are named there.
    mutating func take(from outcome: ToolOutcome) -> ToolOutcome {
        var outcome = outcome
        var taken: [Attachment] = []
        for file in outcome.files {
            let size = file.attachment.url.string.utf8.count
            guard kept.count < Self.filesMax, bytes + size <= Self.bytesMax else {
                outcome.content = outcome.content.appending(
                    "\n[the file '\(file.name)' is left out: a turn answers with \(Self.filesMax) files of "
                        + "\(Self.bytesMax >> 20) MiB in all at most]")
                continue
            }
            kept.append(file)
            taken.append(file.attachment)
            bytes += size
        }
        if !taken.isEmpty { outcome.content = .items(outcome.content.all + taken.map { .attachment($0) }) }
        return outcome
    }

    /// The reply's content: its text, then the files in order.
    func content(_ text: String) -> Content {
        kept.isEmpty ? .text(text) : .items([.text(text)] + kept.map { .attachment($0.attachment) })
    }
}
