/// Writes a text that comes in pieces to standard output. The two characters that may end a line count as one also
/// where a piece ends between them.
package struct PieceOutput: ~Copyable {
    private var endsWithReturn = false

    package init() {}

    package mutating func write(_ piece: String) {
        guard !piece.isEmpty else { return }
        let text = (endsWithReturn ? "\r" : "") + piece
        endsWithReturn = text.unicodeScalars.last == "\r"
        Output.write(endsWithReturn ? String(text.unicodeScalars.dropLast()) : text)
    }

    deinit { if endsWithReturn { Output.write("\r") } }
}
