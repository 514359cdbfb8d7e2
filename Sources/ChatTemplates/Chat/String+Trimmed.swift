extension String {
    /// Without the white space at both ends.
    var trimmed: String {
        var text = drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
