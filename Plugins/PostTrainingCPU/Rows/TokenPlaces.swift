import Tokenizers

/// The bytes of a text that each of its tokens stands for.
///
/// A tokeniser may leave out bytes, put a space in front or compose characters; then tokens follow their text as
/// closely as their own bytes say, and one that stands for nothing has the place at which it comes.
struct TokenPlaces {
    private var places: [Range<Int>] = []

    init(_ tokens: [Int32], of text: String, by tokenizer: any Tokenizer) {
        let text = Array(text.utf8)
        places.reserveCapacity(tokens.count)
        var position = 0
        var bytes: [UInt8] = []
        for token in tokens {
            bytes.removeAll(keepingCapacity: true)
            tokenizer.appendBytes(of: token, showingControl: true, to: &bytes)
            let place = Self.place(bytes[...], in: text, from: position)
            places.append(place)
            position = place.upperBound
        }
    }

    /// For each token, whether it stands for a byte of one of the ranges, which must ascend.
    func overlaps(_ ranges: [Range<Int>]) -> [Bool] {
        var next = 0
        return places.map { place in
            while next < ranges.count, ranges[next].upperBound <= place.lowerBound { next += 1 }
            guard next < ranges.count else { return false }
            // A token without bytes belongs where it stands.
            return place.isEmpty
                ? ranges[next].contains(place.lowerBound) : ranges[next].lowerBound < place.upperBound
        }
    }

    /// How far a token's bytes are looked for.
    private static let distanceMax = 64

    private static func place(_ token: ArraySlice<UInt8>, in text: [UInt8], from position: Int) -> Range<Int> {
        func stands(_ bytes: ArraySlice<UInt8>, at place: Int) -> Bool {
            place + bytes.count <= text.count && text[place..<place + bytes.count].elementsEqual(bytes)
        }
        if stands(token, at: position) { return position..<position + token.count }
        // A space that SentencePiece puts in front of a text.
        let rest = token.first == UInt8(ascii: " ") ? token.dropFirst() : token
        if stands(rest, at: position) { return position..<position + rest.count }
        guard !rest.isEmpty else { return position..<position }
        for distance in 1...distanceMax where stands(rest, at: position + distance) {
            return position + distance..<position + distance + rest.count
        }
        return position..<position
    }
}
