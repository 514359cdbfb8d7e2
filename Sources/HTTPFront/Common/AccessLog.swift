import Foundation
import Logging

extension Logger {
    /// Writes a line of the access log.
    /// - Parameter milliseconds: nil where no request could be read.
    func access(
        method: String, route: String, status: Int, bytes: Int, milliseconds: Double?, isCut: Bool, requestID: String
    ) {
        // A line that is not written would still cost a part of what a small answer does.
        guard logLevel <= .info else { return }
        var text = "\(method) \(route) \(status) \(bytes)B"
        // Convertible to text: the words have said them, and only a log that programs read holds them again.
        var metadata: Logger.Metadata = [
            "request_id": .string(requestID), "method": .stringConvertible(method), "route": .stringConvertible(route),
            "status": .stringConvertible(status), "bytes": .stringConvertible(bytes),
        ]
        if let milliseconds {
            text += String(format: " %.1fms", milliseconds)
            metadata["milliseconds"] = .stringConvertible((milliseconds * 10).rounded() / 10)
        }
        if isCut {
            text += " cut"
            metadata["cut"] = .stringConvertible(true)
        }
        info("\(text)", metadata: metadata)
    }
}
