import CProviderABI

extension lsp_bytes {
    static var empty: lsp_bytes { lsp_bytes(data: nil, size: 0) }

    /// NULL with a size is the other side's mistake: nil.
    var copied: [UInt8]? {
        guard let data else { return size == 0 ? [] : nil }
        return [UInt8](UnsafeBufferPointer(start: data, count: size))
    }

    /// Damaged UTF-8 is repaired, as it goes to a log or a look-up that will fail.
    var text: String { String(decoding: copied ?? [], as: UTF8.self) }
}

/// The bytes of one request in one block that does not move: alive until the call's `finish` has returned.
final class RequestMemory: @unchecked Sendable {
    // Written in init alone, read by the provider.
    private let block: UnsafeMutableRawBufferPointer
    private let spans: [Range<Int>]

    init(_ pieces: [[UInt8]]) {
        block = .allocate(byteCount: max(1, pieces.reduce(0) { $0 + $1.count }), alignment: 16)
        var spans: [Range<Int>] = []
        var end = 0
        for piece in pieces {
            if !piece.isEmpty {
                UnsafeMutableRawBufferPointer(rebasing: block[end..<end + piece.count]).copyBytes(from: piece)
            }
            spans.append(end..<end + piece.count)
            end += piece.count
        }
        self.spans = spans
    }

    deinit { block.deallocate() }

    subscript(index: Int) -> lsp_bytes {
        let span = spans[index]
        guard !span.isEmpty, let base = block.baseAddress else { return .empty }
        return lsp_bytes(data: (base + span.lowerBound).assumingMemoryBound(to: UInt8.self), size: span.count)
    }
}
