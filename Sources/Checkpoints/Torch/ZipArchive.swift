/// The files of a zip archive that stores them as they are, read in place: the form in which torch saves. Compressed or
/// encrypted archives are refused. The format: PKWARE's APPNOTE.TXT, 64-bit sizes included.
struct ZipArchive {
    static let entriesMax = 200_000
    static let nameBytesMax = 4096

    let file: MappedFile
    /// Name → where its bytes lie in the file.
    private(set) var entries: [String: Range<Int>] = [:]

    init(_ file: MappedFile) throws(CheckpointError) {
        self.file = file
        guard file.bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) else {
            throw CheckpointError(
                path: file.path, field: "archive", offset: 0, found: "no zip archive",
                wanted: "a file as torch has saved it since version 1.6")
        }
        let directory = try directory()
        var offset = directory.start
        for index in 0..<directory.count { offset = try entry(index, at: offset, end: directory.end) }
        try refuseOverlap()
    }

    private func refuse(_ field: String, at offset: Int, _ found: String, _ wanted: String) -> CheckpointError {
        CheckpointError(path: file.path, field: field, offset: offset, found: found, wanted: wanted)
    }

    // MARK: Reading

    private func has(_ offset: Int, _ count: Int) -> Bool {
        offset >= 0 && count >= 0 && offset <= file.bytes.count && count <= file.bytes.count - offset
    }

    /// Little-endian; the caller has made sure that it is in the file.
    private func u16(_ offset: Int) -> Int { Int(raw(offset, UInt16.self)) }
    private func u32(_ offset: Int) -> Int { Int(raw(offset, UInt32.self)) }
    /// nil: beyond any file.
    private func u64(_ offset: Int) -> Int? { Int(exactly: raw(offset, UInt64.self)) }

    private func raw<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _: T.Type) -> T {
        T(littleEndian: file.bytes.loadUnaligned(fromByteOffset: offset, as: T.self))
    }

    /// Where the list of entries stands, from the record at the archive's end.
    private func directory() throws(CheckpointError) -> (start: Int, end: Int, count: Int) {
        let size = file.bytes.count
        // The record is followed by a comment of up to 65,535 bytes.
        var at = size - 22
        while at >= max(0, size - 22 - 0xFFFF), raw(at, UInt32.self) != 0x0605_4B50 { at -= 1 }
        guard at >= max(0, size - 22 - 0xFFFF) else {
            throw refuse("end of the archive", at: size, "no list of files", "one (is the file cut short?)")
        }
        var (count, bytes, start) = (u16(at + 10), u32(at + 12), u32(at + 16))
        if count == 0xFFFF || bytes == 0xFFFF_FFFF || start == 0xFFFF_FFFF {
            guard has(at - 20, 20), raw(at - 20, UInt32.self) == 0x0706_4B50, let wide = u64(at - 12), has(wide, 56),
                raw(wide, UInt32.self) == 0x0606_4B50, let wideCount = u64(wide + 32), let wideBytes = u64(wide + 40),
                let wideStart = u64(wide + 48)
            else { throw refuse("end of the archive", at: at, "no 64-bit record", "one where sizes need it") }
            (count, bytes, start) = (wideCount, wideBytes, wideStart)
        }
        guard has(start, bytes), start + bytes <= at else {
            throw refuse("list of files", at: at, "\(bytes) bytes at \(start)", "a place before byte \(at)")
        }
        guard count <= Self.entriesMax, count <= bytes / 46 else {
            throw refuse(
                "list of files", at: at, "\(count) files in \(bytes) bytes",
                "at most entriesMax = \(Self.entriesMax), of 46 bytes at least")
        }
        return (start, start + bytes, count)
    }

    /// Takes in one entry of the list and answers where the next one is.
    private mutating func entry(_ index: Int, at offset: Int, end: Int) throws(CheckpointError) -> Int {
        let field = "file \(index) of the archive"
        guard offset + 46 <= end, raw(offset, UInt32.self) == 0x0201_4B50 else {
            throw refuse(field, at: offset, "no entry", "an entry of the list")
        }
        let (nameCount, extraCount, commentCount) = (u16(offset + 28), u16(offset + 30), u16(offset + 32))
        let next = offset + 46 + nameCount + extraCount + commentCount
        guard next <= end, nameCount <= Self.nameBytesMax else {
            throw refuse(field, at: offset, "\(next - offset) bytes", "an entry within the list")
        }
        let nameBytes = file.bytes[(offset + 46)..<(offset + 46 + nameCount)]
        guard let name = String(validating: nameBytes, as: UTF8.self), entries[name] == nil else {
            throw refuse(field, at: offset + 46, "a name that is no text or comes twice", "names that differ")
        }
        guard u16(offset + 8) & 1 == 0, u16(offset + 10) == 0 else {
            throw refuse(
                "\(field), \(name.quotedForMessage())", at: offset + 8, "it compressed or encrypted",
                "files stored as they are, as torch saves them")
        }
        let (stored, size, header) = try sizes(offset, extra: (offset + 46 + nameCount, extraCount), field)
        guard stored == size, has(header, 30), raw(header, UInt32.self) == 0x0403_4B50 else {
            throw refuse(field, at: offset, "\(size) bytes at \(header)", "a place in the archive")
        }
        let begin = header + 30 + u16(header + 26) + u16(header + 28)
        guard has(begin, size) else {
            throw refuse(field, at: header, "\(size) bytes at \(begin)", "a place in the archive")
        }
        entries[name] = begin..<begin + size
        return next
    }

    /// Sizes of an entry and where its header is; the 64-bit ones stand in the extra field, each only where it is
    /// needed.
    private func sizes(
        _ offset: Int, extra: (start: Int, count: Int), _ field: String
    ) throws(CheckpointError) -> (stored: Int, size: Int, header: Int) {
        var values = [u32(offset + 24), u32(offset + 20), u32(offset + 42)]  // size, stored, header
        guard values.contains(0xFFFF_FFFF) else { return (values[1], values[0], values[2]) }
        var at = extra.start
        let end = extra.start + extra.count
        while at + 4 <= end {
            let (tag, count) = (u16(at), u16(at + 2))
            guard at + 4 + count <= end else { break }
            if tag == 1 {
                var place = at + 4
                for index in values.indices where values[index] == 0xFFFF_FFFF {
                    guard place + 8 <= at + 4 + count, let wide = u64(place) else { break }
                    values[index] = wide
                    place += 8
                }
                return (values[1], values[0], values[2])
            }
            at += 4 + count
        }
        throw refuse(field, at: offset, "no 64-bit sizes", "them where they are needed")
    }

    private func refuseOverlap() throws(CheckpointError) {
        let ranges = entries.values.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
        for (before, after) in zip(ranges, ranges.dropFirst()) where after.lowerBound < before.upperBound {
            throw refuse("list of files", at: after.lowerBound, "files that share bytes", "files apart")
        }
    }
}
