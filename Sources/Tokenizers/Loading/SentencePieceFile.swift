import Checkpoints

/// SentencePiece's model file: a protocol buffer (`sentencepiece_model.proto`, `ModelProto`), read in one pass.
struct SentencePieceFile {
    static let fileBytesMax = 1 << 28

    private let file: MappedFile
    private var pieces: FileStrings
    private var scores: [Float] = []
    private var types: [Int32] = []
    // The defaults are the format's.
    private var modelType = 1
    private var (unknownID, bosID, eosID) = (0, 1, 2)
    private var addsPrefix = true
    private var trimsSpaces = true
    private var marksSpaces = true
    private var hasCharacterMap = false

    init(_ file: MappedFile) throws(CheckpointError) {
        self.file = file
        pieces = FileStrings(file)
        guard file.bytes.count <= Self.fileBytesMax else {
            throw CheckpointError(
                path: file.path, field: "vocabulary", offset: nil, found: "\(file.bytes.count) bytes",
                wanted: "at most fileBytesMax = \(Self.fileBytesMax)")
        }
        var message = ProtocolBuffer(file, 0..<file.bytes.count)
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): try readPiece(range)
            case (2, .bytes(let range)): try readTrainer(range)
            case (3, .bytes(let range)): try readNormalizer(range)
            default: continue
            }
        }
    }

    private mutating func readPiece(_ range: Range<Int>) throws(CheckpointError) {
        guard types.count < VocabularyLimit.tokensMax else {
            throw CheckpointError(
                path: file.path, field: "vocabulary", offset: range.lowerBound,
                found: "more than \(VocabularyLimit.tokensMax) pieces", wanted: "at most that many")
        }
        var text = range.lowerBound..<range.lowerBound
        var score: Float = 0
        var type = 1
        var message = ProtocolBuffer(file, range)
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let range)): text = range
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .integer(let number)): type = number
            default: continue
            }
        }
        pieces.append(text)
        scores.append(score)
        // The numbers are those of GGUF's `token_type`, which took them from here.
        types.append(Int32(clamping: type))
    }

    private mutating func readTrainer(_ range: Range<Int>) throws(CheckpointError) {
        var message = ProtocolBuffer(file, range)
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (3, .integer(let number)): modelType = number
            case (40, .integer(let number)): unknownID = number
            case (41, .integer(let number)): bosID = number
            case (42, .integer(let number)): eosID = number
            default: continue
            }
        }
    }

    private mutating func readNormalizer(_ range: Range<Int>) throws(CheckpointError) {
        var message = ProtocolBuffer(file, range)
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (2, .bytes(let range)): hasCharacterMap = !range.isEmpty
            case (3, .integer(let number)): addsPrefix = number != 0
            case (4, .integer(let number)): trimsSpaces = number != 0
            case (5, .integer(let number)): marksSpaces = number != 0
            default: continue
            }
        }
    }

    func source() throws(TokenizerError) -> VocabularySource<FileStrings> {
        guard modelType == 2 else {
            throw TokenizerError("trainer_spec.model_type", "is \(modelType); served is 2 (BPE)")
        }
        guard !hasCharacterMap, !trimsSpaces, marksSpaces else {
            throw TokenizerError(
                "normalizer_spec",
                "changes the text; served are vocabularies of text as it is, as Llama's and Mistral's are"
            )
        }
        var source = VocabularySource(model: "llama", tokens: pieces)
        source.types = types
        source.scores = scores
        source.addsSpacePrefix = addsPrefix
        // A negative id: there is none.
        source.unknownID = unknownID < 0 ? nil : unknownID
        source.bosID = bosID < 0 ? nil : bosID
        source.eosID = eosID < 0 ? nil : eosID
        source.places = VocabularyPlaces(
            model: "trainer_spec.model_type", pre: "", tokens: "pieces", types: "types of pieces",
            scores: "scores of pieces", merges: "pieces", ids: "trainer_spec.")
        return source
    }
}

/// The fields of one message, in order. The format: protobuf.dev/programming-guides/encoding.
private struct ProtocolBuffer {
    enum Value {
        case integer(Int)
        case fixed32(UInt32)
        case fixed64
        case bytes(Range<Int>)
    }

    private let file: MappedFile
    private var offset: Int
    private let end: Int

    /// `range` lies in the file.
    init(_ file: MappedFile, _ range: Range<Int>) {
        (self.file, offset, end) = (file, range.lowerBound, range.upperBound)
    }

    /// nil at the end.
    mutating func next() throws(CheckpointError) -> (number: Int, value: Value)? {
        guard offset < end else { return nil }
        let start = offset
        let tag = try integer()
        let number = tag >> 3
        switch tag & 7 {
        case 0: return (number, .integer(try integer()))
        case 1:
            _ = try take(8)
            return (number, .fixed64)
        case 2:
            let count = try integer()
            return (number, .bytes(try take(count)))
        case 5:
            let at = try take(4).lowerBound
            return (
                number, .fixed32(UInt32(littleEndian: file.bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
            )
        default: throw broken(start)
        }
    }

    private mutating func take(_ count: Int) throws(CheckpointError) -> Range<Int> {
        guard count >= 0, count <= end - offset else { throw broken(offset) }
        defer { offset += count }
        return offset..<offset + count
    }

    /// Seven bits a byte, lowest first.
    private mutating func integer() throws(CheckpointError) -> Int {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            let byte = file.bytes[try take(1).lowerBound]
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return Int(Int64(bitPattern: value)) }
        }
        throw broken(offset)
    }

    private func broken(_ offset: Int) -> CheckpointError {
        CheckpointError(
            path: file.path, field: "vocabulary", offset: offset, found: "no field of a message",
            wanted: "SentencePiece's model file (is the file cut short?)")
    }
}
