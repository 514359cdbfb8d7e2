import ChatTemplates
import DatasetRows
import LlamaTraining
import ProviderKit

/// The rows of a job in tokens, and what became of those that its dataset had.
struct TrainingRows: Sendable {
    var data: TrainingData
    /// Rows of the dataset.
    var read = 0
    /// Rows that were cut at their end, and are used.
    var cut = 0
    /// Rows without a token that carries loss, or that the template refuses.
    var skipped = 0
    /// Messages of the assistant that the template left out.
    var dropped = 0
    var tokens = 0
    var lossTokens = 0
    var longest = 0
    /// Why the first row was skipped for the template's sake.
    var firstRefusal: String?

    var used: Int { data.count }

    /// Reads a job's copy. Blocks on the disk, and computes.
    init(_ copy: DatasetCopy, in folder: String, _ writer: RowWriter, isCancelled: () -> Bool) throws {
        var rows: [TrainingRow] = []
        var pairs: [PreferencePair] = []
        data = .rows([])
        try DatasetCopy.read("\(folder)/\(copy.name)", copy.form, rowBytesMax: copy.rowBytesMax) { example in
            if isCancelled() { throw TrainingError.cancelled }
            read += 1
            do {
                if case .preference(let prompt, let chosen, let rejected) = example {
                    guard let pair = try writer.pair(prompt, chosen, rejected) else { return skipped += 1 }
                    pairs.append(pair)
                    count(pair)
                } else {
                    let written = try writer.row(example)
                    dropped += written.dropped
                    guard let (row, isCut) = writer.cut(written.row) else { return skipped += 1 }
                    if isCut { cut += 1 }
                    rows.append(row)
                    count(row)
                }
            } catch let error as TemplateError {
                skipped += 1
                if firstRefusal == nil { firstRefusal = "row \(read): \(error)" }
            }
        }
        data = copy.form == .preference ? .pairs(pairs) : .rows(rows)
    }

    private mutating func count(_ row: TrainingRow) {
        tokens += row.tokens.count
        lossTokens += row.lossTokens
        longest = max(longest, row.tokens.count)
    }

    private mutating func count(_ pair: PreferencePair) {
        let length = pair.prompt.count + pair.chosen.count + pair.rejected.count
        tokens += length
        lossTokens += pair.chosen.count + pair.rejected.count
        longest = max(longest, length)
    }

    /// For the log.
    func line(_ name: String) -> String {
        var words = "\(name) rows \(read) used \(used) cut \(cut) skipped \(skipped) dropped_messages \(dropped)"
        words += " tokens \(tokens) loss_tokens \(lossTokens) longest \(longest)"
        return words + (firstRefusal.map { " first_refusal \($0)" } ?? "")
    }
}
