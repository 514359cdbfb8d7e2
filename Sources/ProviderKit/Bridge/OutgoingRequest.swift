import CProviderABI

/// A call of another provider, before it becomes a C struct.
struct OutgoingRequest: Sendable {
    var target = ""
    var method = ""
    var parameters: [UInt8] = []
    var body: [UInt8] = []
    var options: [UInt8] = []
    var principal = ""
    var requestID = ""
    var deadlineNanoseconds: Int64 = 0
}

/// The bytes of a request in one block that lives until its finish.
final class RequestMemory: @unchecked Sendable {
    private let block: UnsafeMutableRawBufferPointer
    private let sizes: [Int]
    private let deadline: Int64

    init(_ request: OutgoingRequest) {
        let spans: [[UInt8]] = [
            Array(request.target.utf8), Array(request.method.utf8), request.parameters, request.body, request.options,
            Array(request.principal.utf8), Array(request.requestID.utf8),
        ]
        sizes = spans.map(\.count)
        deadline = request.deadlineNanoseconds
        block = .allocate(byteCount: max(1, sizes.reduce(0, +)), alignment: 1)
        var offset = 0
        for span in spans {
            UnsafeMutableRawBufferPointer(rebasing: block[offset..<offset + span.count]).copyBytes(from: span)
            offset += span.count
        }
    }

    func request(callID: UInt64) -> lsp_request {
        var spans: [lsp_bytes] = []
        var offset = 0
        for size in sizes {
            let start = block.baseAddress?.advanced(by: offset).assumingMemoryBound(to: UInt8.self)
            spans.append(lsp_bytes(data: start, size: size))
            offset += size
        }
        return lsp_request(
            struct_size: UInt32(MemoryLayout<lsp_request>.size), flags: 0, call_id: callID, target: spans[0],
            method: spans[1], parameters: spans[2], body: spans[3], options: spans[4], resource: .empty,
            principal: spans[5], request_id: spans[6], deadline_ns: deadline)
    }

    func free() { block.deallocate() }
}
