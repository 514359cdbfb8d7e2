import Foundation
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI
import NIOCore

/// Reads a request's body within its limit, and stops reading where the limit is passed.
enum BodyReader {
    static func read(_ request: Request, bytesMax: Int, share: BodyBudget.Share) async throws -> [UInt8] {
        let length = try checkHeaders(request, bytesMax: bytesMax)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(min(length, believedBytesMax))
        for try await buffer in request.body {
            guard bytes.count + buffer.readableBytes <= bytesMax else { throw tooLarge(bytesMax) }
            try share.take(buffer.readableBytes)
            // Growing by halves would copy megabytes again and again.
            if bytes.count + buffer.readableBytes > bytes.capacity { bytes.reserveCapacity(length) }
            bytes.append(contentsOf: buffer.readableBytesView)
        }
        return bytes
    }

    /// The memory reserved on the strength of `Content-Length` alone; the rest is reserved once this many bytes have
    /// arrived.
    private static let believedBytesMax = 64 * 1024

    /// - Returns: the length that the request states, 0 when it states none.
    private static func checkHeaders(_ request: Request, bytesMax: Int) throws -> Int {
        var length = 0
        if let stated = request.headers.value(.contentLength) {
            guard let number = Int(stated), number >= 0 else {
                throw CallError(.badRequest, "Content-Length is not a number")
            }
            if number > bytesMax { throw tooLarge(bytesMax) }
            length = number
        }
        if let encoding = request.headers.value(.contentEncoding), encoding.lowercased() != "identity" {
            throw CallError(.unsupportedMediaType, "send the body without Content-Encoding")
        }
        if let coding = request.headers.value(.transferEncoding), coding.lowercased() != "chunked" {
            throw CallError(.unsupportedMediaType, "send the body without a Transfer-Encoding but chunked")
        }
        // Also what keeps a form on a web page from being a request.
        let type = request.headers.value(.contentType) ?? ""
        guard type == "application/json" || mediaType(of: type) == "application/json" else {
            throw CallError(
                .unsupportedMediaType,
                "the body must be sent as application/json (with curl: -H 'Content-Type: application/json')")
        }
        return length
    }

    /// The media type of a Content-Type as other clients write it: with parameters, in capitals.
    private static func mediaType(of type: String) -> String? {
        type.split(separator: ";").first.map { $0.trimmingCharacters(in: .whitespaces).lowercased() }
    }

    private static func tooLarge(_ bytesMax: Int) -> CallError {
        CallError(
            .bodyTooLarge,
            "the body is over this route's limit of \(bytesMax) bytes; server.limits.body_bytes_max of the "
                + "distribution sets another")
    }
}
