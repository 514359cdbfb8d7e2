import Foundation
import ProviderKit

/// Looks at a write-ahead log before SQLite does, for damage that SQLite takes for its end.
///
/// SQLite reads the log up to the first frame whose checksum is wrong, and forgets the rest. That is right for the end
/// of the last transaction, which a crash may have torn. But each transaction was synced before the next was begun:
/// when more than one ends at the wrong frame or behind it, that frame was whole once, and what would be forgotten was
/// acknowledged. The format: https://www.sqlite.org/fileformat2.html#walformat.
struct LogCheck {
    private static let headerBytes = 32
    private static let frameHeaderBytes = 24
    /// The unit that a disk writes wholly or not at all.
    private static let sectorBytes = 512

    private let log: UnsafeRawBufferPointer
    private let pageBytes: Int
    private let isBigEndian: Bool

    /// Where the log at `path` is not what was written, with acknowledged writes behind it. nil for a log that is
    /// whole, torn at its end, or not there. Damage within the last transaction can't be told from a torn end.
    static func damage(in path: String) throws -> Int? {
        guard let data = try? Data(contentsOf: URL(fileURLWithPath: path), options: .alwaysMapped) else { return nil }
        return data.withUnsafeBytes { LogCheck($0)?.damage }
    }

    /// nil when there is no frame.
    private init?(_ log: UnsafeRawBufferPointer) {
        guard log.count >= Self.headerBytes + Self.frameHeaderBytes + 512 else { return nil }
        self.log = log
        isBigEndian = log[3] & 1 == 1
        let size = Int(Self.word(log, 8))
        pageBytes = size.nonzeroBitCount == 1 && (512...65536).contains(size) ? size : 4096
    }

    private var frames: Int { (log.count - Self.headerBytes) / (Self.frameHeaderBytes + pageBytes) }

    private func start(of frame: Int) -> Int { Self.headerBytes + frame * (Self.frameHeaderBytes + pageBytes) }

    private var damage: Int? {
        var sum = (UInt32(0), UInt32(0))
        add(0..<24, to: &sum)
        // A header that was written by half, for a log that begins anew, has no salt of the old one's frames.
        guard Self.word(log, 24) == sum.0, Self.word(log, 28) == sum.1 else {
            return frames > 0 && (hasSalt(0, 16) || hasSalt(0, 20)) ? 0 : nil
        }
        for frame in 0..<frames {
            let start = start(of: frame)
            add(start..<start + 8, to: &sum)
            add(start + Self.frameHeaderBytes..<start + Self.frameHeaderBytes + pageBytes, to: &sum)
            guard isOfThisLog(frame), Self.word(log, start + 16) == sum.0, Self.word(log, start + 20) == sum.1 else {
                return isFollowedByTransactions(frame) ? start : nil
            }
        }
        return nil
    }

    /// Whether a frame lies behind the end of a transaction that ends at or behind this one.
    private func isFollowedByTransactions(_ frame: Int) -> Bool {
        let ofThisLog = (frame..<frames).filter(isOfThisLog)
        guard let end = ofThisLog.first(where: endsTransaction) else { return false }
        return ofThisLog.contains { $0 > end }
    }

    /// The mark counts only where a disk writes it and the salts together: else it may be of an older log.
    private func endsTransaction(_ frame: Int) -> Bool {
        let start = start(of: frame)
        return Self.word(log, start + 4) != 0 && (start + 8) % Self.sectorBytes != 0
    }

    /// The log is written over from its start: what is left of the last time has other salts.
    private func isOfThisLog(_ frame: Int) -> Bool { hasSalt(frame, 16) && hasSalt(frame, 20) }

    private func hasSalt(_ frame: Int, _ place: Int) -> Bool {
        Self.word(log, start(of: frame) + place - 8) == Self.word(log, place)
    }

    private static func word(_ log: UnsafeRawBufferPointer, _ place: Int) -> UInt32 {
        UInt32(bigEndian: log.loadUnaligned(fromByteOffset: place, as: UInt32.self))
    }

    private func add(_ range: Range<Int>, to sum: inout (UInt32, UInt32)) {
        for place in stride(from: range.lowerBound, to: range.upperBound, by: 8) {
            let first = log.loadUnaligned(fromByteOffset: place, as: UInt32.self)
            let second = log.loadUnaligned(fromByteOffset: place + 4, as: UInt32.self)
            sum.0 &+= (isBigEndian ? first.bigEndian : first.littleEndian) &+ sum.1
            sum.1 &+= (isBigEndian ? second.bigEndian : second.littleEndian) &+ sum.0
        }
    }
}
