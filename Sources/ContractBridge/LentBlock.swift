import CProviderABI
import LlamaStackAPI

/// Bytes lent to the other side of the contract: several spans in one block that does not move, alive as long as this
/// object.
package final class LentBlock: @unchecked Sendable {
    // Written in init alone, read by the other side.
    private let block: UnsafeMutableRawBufferPointer
    private let spans: [Range<Int>]

    package init(_ pieces: [[UInt8]]) {
        block = .allocate(byteCount: max(1, pieces.reduce(0) { $0 + $1.count }), alignment: 16)
        var spans: [Range<Int>] = []
        spans.reserveCapacity(pieces.count)
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

    package subscript(index: Int) -> lsp_bytes {
        let span = spans[index]
        guard !span.isEmpty, let base = block.baseAddress else { return .empty }
        return lsp_bytes(data: (base + span.lowerBound).assumingMemoryBound(to: UInt8.self), size: span.count)
    }
}

/// The bytes of one request: alive until the call's `finish` has returned.
package struct LentRequest: Sendable {
    private let block: LentBlock
    private let callID: UInt64
    private let deadlineNanoseconds: Int64

    package init(_ request: CallRequest) {
        block = LentBlock([
            Array(request.target.utf8), Array(request.method.utf8), request.parameters, request.body,
            request.options.isEmpty ? [] : JSON.object(request.options).bytes,
            Array(request.resource.utf8), Array(request.principal.utf8), Array(request.requestID.utf8),
        ])
        (callID, deadlineNanoseconds) = (request.callID, request.deadlineNanoseconds)
    }

    /// Points into the block.
    package var raw: lsp_request {
        lsp_request(
            struct_size: UInt32(MemoryLayout<lsp_request>.size), flags: 0, call_id: callID, target: block[0],
            method: block[1], parameters: block[2], body: block[3], options: block[4], resource: block[5],
            principal: block[6], request_id: block[7], deadline_ns: deadlineNanoseconds)
    }
}
