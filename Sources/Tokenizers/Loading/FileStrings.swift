import Checkpoints

/// Strings of a file where they lie in it; those of JSON that have escapes, decoded, beside it.
struct FileStrings: ByteStrings {
    private let file: MappedFile
    private var decoded: [UInt8] = []
    /// Where each begins, in the file or, counted from -1 down, in `decoded`; nothing there yet: no bytes.
    private var spans: [(start: Int, count: Int)] = []

    init(_ file: MappedFile) { self.file = file }

    var count: Int { spans.count }

    func withBytes<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        let (start, count) = spans[index]
        guard start < 0 else {
            let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[start..<start + count])
            return try body(bytes.bindMemory(to: UInt8.self))
        }
        return try decoded.withUnsafeBufferPointer {
            try body(UnsafeBufferPointer(rebasing: $0[(-1 - start)..<(-1 - start + count)]))
        }
    }

    func text(_ index: Int) -> String { withBytes(index) { String(decoding: $0, as: UTF8.self) } }

    func isEmpty(_ index: Int) -> Bool { spans[index].count == 0 }

    func isEqual(_ index: Int, _ text: String) -> Bool {
        spans[index].count == text.utf8.count && withBytes(index) { $0.elementsEqual(text.utf8) }
    }

    /// `<0x41>`
    func isByteToken(_ index: Int) -> Bool {
        spans[index].count == 6
            && withBytes(index) { $0.starts(with: "<0x".utf8) && $0[5] == UInt8(ascii: ">") }
    }

    /// The bytes at `range` of the file.
    mutating func append(_ range: Range<Int>) { spans.append((range.lowerBound, range.count)) }

    mutating func append(_ string: CheckpointJSON.Text, of json: CheckpointJSON) {
        spans.append(span(of: string, json))
    }

    /// Sets string `index`; those before it that are not set yet are empty.
    mutating func set(_ index: Int, _ string: CheckpointJSON.Text, of json: CheckpointJSON) {
        while spans.count <= index { spans.append((0, 0)) }
        spans[index] = span(of: string, json)
    }

    mutating func set(_ index: Int, _ text: String) {
        while spans.count <= index { spans.append((0, 0)) }
        spans[index] = (-1 - decoded.count, text.utf8.count)
        decoded.append(contentsOf: text.utf8)
    }

    private mutating func span(of string: CheckpointJSON.Text, _ json: CheckpointJSON) -> (start: Int, count: Int) {
        if let range = json.plainRange(string) { return (range.lowerBound, range.count) }
        let bytes = json.text(string).utf8
        let start = decoded.count
        decoded.append(contentsOf: bytes)
        return (-1 - start, bytes.count)
    }
}
