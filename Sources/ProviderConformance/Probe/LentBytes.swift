import CProcessProbe
import CProviderABI

/// Bytes that the provider may read for a while. Guarded ones lie before a page that can't be read, and can be made
/// unreadable themselves; the others stay as they are for the rest of the process's life.
final class LentBytes: @unchecked Sendable {
    // Written in init alone; the provider reads them, the kit takes them away.
    private let spans: [UnsafeMutableRawBufferPointer]
    private let isGuarded: Bool

    init(_ pieces: [[UInt8]], isGuarded: Bool) {
        self.isGuarded = isGuarded
        spans = pieces.map { piece in
            guard !piece.isEmpty else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
            let start =
                isGuarded
                ? pp_lend(piece.count) : UnsafeMutableRawPointer.allocate(byteCount: piece.count, alignment: 16)
            let span = UnsafeMutableRawBufferPointer(start: start, count: start == nil ? 0 : piece.count)
            if start != nil { span.copyBytes(from: piece) }
            return span
        }
    }

    subscript(index: Int) -> lsp_bytes {
        let span = spans[index]
        return lsp_bytes(data: span.baseAddress?.assumingMemoryBound(to: UInt8.self), size: span.count)
    }

    /// Guarded bytes can't be read from here on.
    func takeBack(_ why: StaticString) {
        guard isGuarded else { return }
        for span in spans where span.baseAddress != nil { LentBytes.takeBack(span, why) }
    }

    static func takeBack(_ span: UnsafeMutableRawBufferPointer, _ why: StaticString) {
        // A literal: it ends with a zero and lives for ever.
        pp_take_back(span.baseAddress, span.count, UnsafeRawPointer(why.utf8Start).assumingMemoryBound(to: CChar.self))
    }
}

/// A struct of the contract, lent for one call of a function: in memory that can't be read once the function returned.
final class LentStruct<Value>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Value>
    private let isGuarded: Bool

    init(_ value: Value, isGuarded: Bool) {
        let size = MemoryLayout<Value>.size
        let guarded = isGuarded ? pp_lend(size)?.bindMemory(to: Value.self, capacity: 1) : nil
        self.isGuarded = guarded != nil
        pointer = guarded ?? .allocate(capacity: 1)
        pointer.initialize(to: value)
    }

    func takeBack(_ why: StaticString) {
        guard isGuarded else { return }
        LentBytes.takeBack(UnsafeMutableRawBufferPointer(start: pointer, count: MemoryLayout<Value>.size), why)
    }
}
