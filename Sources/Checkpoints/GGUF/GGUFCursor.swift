/// Reads the header of a GGUF file from front to back. Every read is checked against the end first; nothing is reserved
/// on the word of a count.
struct GGUFCursor {
    let file: MappedFile
    let limits: GGUFLimits
    private(set) var offset = 0
    /// Where the header must have ended: the end of the file, or the limit.
    private let end: Int

    init(file: MappedFile, limits: GGUFLimits) {
        self.file = file
        self.limits = limits
        end = min(file.bytes.count, limits.headerBytesMax)
    }

    func refuse(_ field: String, at offset: Int? = nil, found: String, wanted: String) -> CheckpointError {
        CheckpointError(
            path: file.path, field: field, offset: offset ?? self.offset, found: found, wanted: wanted)
    }

    /// Takes `count` bytes and answers where they start.
    @inline(__always)
    mutating func take(_ count: Int, _ field: @autoclosure () -> String) throws -> Int {
        guard count >= 0, count <= end - offset else { throw shortOf(count, field()) }
        defer { offset += count }
        return offset
    }

    /// The bytes that are left, for messages.
    private var room: String {
        let isWhole = end == file.bytes.count
        return "\(end - offset) bytes that follow" + (isWhole ? "" : " within headerBytesMax = \(end)")
    }

    private var cutShort: String { end == file.bytes.count ? " (is the file cut short?)" : "" }

    private func shortOf(_ count: Int, _ field: String) -> CheckpointError {
        let isWhole = end == file.bytes.count
        return refuse(
            field, found: isWhole ? "the end of the file after \(end - offset) bytes" : "a header beyond \(end) bytes",
            wanted: isWhole ? "\(count) bytes (is the file cut short?)" : "at most headerBytesMax = \(end)")
    }

    @inline(__always)
    mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(
        _: T.Type, _ field: @autoclosure () -> String
    ) throws -> T {
        let start = try take(MemoryLayout<T>.size, field())
        return T(littleEndian: file.bytes.loadUnaligned(fromByteOffset: start, as: T.self))
    }

    /// A count of things of at least `bytesEach` bytes: no more than `limit`, and no more than can follow.
    mutating func count(of bytesEach: Int, limit: Int, _ limitName: String, _ field: @autoclosure () -> String) throws
        -> Int
    {
        let start = offset
        let claimed = try integer(UInt64.self, field())
        guard claimed <= UInt64(limit) else {
            throw refuse(field(), at: start, found: "\(claimed)", wanted: "at most \(limitName) = \(limit)")
        }
        let (bytes, overflow) = Int(claimed).multipliedReportingOverflow(by: bytesEach)
        guard !overflow, bytes <= end - offset else {
            throw refuse(
                field(), at: start, found: "\(claimed)",
                wanted: "no more than the \(room) can hold\(cutShort)")
        }
        return Int(claimed)
    }

    /// The range of a string's bytes.
    @inline(__always)
    mutating func string(bytesMax: Int, _ limitName: String, _ field: @autoclosure () -> String) throws -> Range<Int> {
        let start = offset
        let length = try integer(UInt64.self, "length of \(field())")
        guard length <= UInt64(bytesMax), Int(length) <= end - offset else {
            throw tooLong(length, bytesMax, limitName, field(), at: start)
        }
        defer { offset += Int(length) }
        return offset..<(offset + Int(length))
    }

    /// As `string`, for the hundred thousand strings of a vocabulary: answers false, and stays, where that throws.
    @inline(__always)
    mutating func skipString(bytesMax: Int) -> Bool {
        guard end - offset >= 8, let base = file.bytes.baseAddress else { return false }
        let length = UInt64(littleEndian: (base + offset).loadUnaligned(as: UInt64.self))
        guard length <= UInt64(bytesMax), Int(length) <= end - offset - 8 else { return false }
        offset += 8 + Int(length)
        return true
    }

    private func tooLong(
        _ length: UInt64, _ bytesMax: Int, _ limitName: String, _ field: String, at start: Int
    ) -> CheckpointError {
        refuse(
            "length of \(field)", at: start, found: "\(length)",
            wanted: length > UInt64(bytesMax)
                ? "at most \(limitName) = \(bytesMax)" : "at most the \(room)\(cutShort)")
    }

    /// A name or key: UTF-8 without NUL, not empty.
    mutating func name(_ field: @autoclosure () -> String) throws -> String {
        let start = offset
        let range = try string(bytesMax: limits.keyBytesMax, "keyBytesMax", field())
        guard !range.isEmpty, let name = String(validating: file.bytes[range], as: UTF8.self), !name.contains("\0")
        else {
            throw refuse(
                field(), at: start, found: range.isEmpty ? "an empty string" : "bytes that are not UTF-8 text",
                wanted: "a name")
        }
        return name
    }
}
