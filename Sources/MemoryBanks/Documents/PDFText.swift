import CLimitedProcess
import Foundation
import ProviderKit

/// The text of PDF documents, read by poppler's `pdftotext`.
///
/// A PDF parser is a great deal of code that reads what strangers wrote. In this process its crash would be the
/// server's; so it runs in a process of its own, which gets the document, gives text, and is ended at its limits.
package struct PDFText: Sendable {
    package struct Limits: WireRecord {
        package var pagesMax: Int
        package var secondsMax: Int
        package var memoryBytesMax: Int
        package var textBytesMax: Int

        package init(
            pagesMax: Int = 2_000, secondsMax: Int = 30, memoryBytesMax: Int = 1 << 30, textBytesMax: Int = 16 << 20
        ) {
            (self.pagesMax, self.secondsMax) = (pagesMax, secondsMax)
            (self.memoryBytesMax, self.textBytesMax) = (memoryBytesMax, textBytesMax)
        }

        package static let object = Object(
            "PDFLimits", isComponent: false,
            { (pages: Int, seconds: Int, memory: Int, text: Int) in
                Limits(pagesMax: pages, secondsMax: seconds, memoryBytesMax: memory, textBytesMax: text)
            },
            Field(
                "pages_max", \.pagesMax, default: 2_000, check: .atLeast(1),
                "Pages that are read; the others are not searched."),
            Field(
                "seconds_max", \.secondsMax, default: 30, check: .atLeast(1),
                "A document that takes longer is not searched."),
            Field(
                "memory_bytes_max", \.memoryBytesMax, default: 1 << 30, check: .atLeast(1 << 20),
                "A document that takes more address space to read is not searched."),
            Field(
                "text_bytes_max", \.textBytesMax, default: 16 << 20, check: .atLeast(1),
                "A document that holds more text is not searched."))
    }

    /// Why a document could not be read.
    package enum Failure: Error, CustomStringConvertible, Equatable {
        case damaged, encrypted, crashed(signal: Int32), timedOut(seconds: Int), tooLong(bytes: Int), notStarted(
            errno: Int32)

        package var description: String {
            switch self {
            case .damaged: "it is no PDF that poppler can read"
            case .encrypted: "it can't be read without a password"
            case .crashed(let signal): "poppler ended with signal \(signal)"
            case .timedOut(let seconds): "poppler did not end within \(seconds) s"
            case .tooLong(let bytes): "it holds more than \(bytes) bytes of text"
            case .notStarted(let number): "pdftotext can't be started: \(String(cString: strerror(number)))"
            }
        }

        var unread: UnreadDocument {
            if case .tooLong = self { return UnreadDocument(.tooLarge, "\(self): pdf.text_bytes_max") }
            return UnreadDocument(.unreadable, description)
        }
    }

    /// An absolute path.
    package let tool: String
    package var limits: Limits

    /// nil when there is no `pdftotext` in any of these folders.
    package init?(limits: Limits = Limits(), searchPath: String? = ProcessInfo.processInfo.environment["PATH"]) {
        let folders = (searchPath ?? "/usr/bin:/bin").split(separator: ":").filter { $0.hasPrefix("/") }
        let paths = folders.map { String($0) + "/pdftotext" }
        let found = paths.first { access($0, X_OK) == 0 }
        guard let found else { return nil }
        (tool, self.limits) = (found, limits)
    }

    /// Blocks for `secondsMax` at most, on a busy machine for ten times as long (`LP_BUSY`).
    package func read(_ content: Data) throws(Failure) -> String {
        let begin = ContinuousClock.now
        let text = try read(content, [], seconds: limits.secondsMax)
        // What is left of its time is for its tables; without them it has been read.
        let left = limits.secondsMax - Int((ContinuousClock.now - begin) / .seconds(1)) - 1
        guard left > 0, PDFRows.mayHoldTables(text), let layout = try? read(content, ["-layout"], seconds: left) else {
            return text
        }
        return PDFRows.merge(text, layout)
    }

    private func read(_ content: Data, _ options: [String], seconds: Int) throws(Failure) -> String {
        let shared = ["-q", "-enc", "UTF-8", "-eol", "unix", "-l", "\(limits.pagesMax)"]
        let result = run([tool] + shared + options + ["-", "-"], content, seconds)
        defer { free(result.output) }
        switch result.end {
        case LP_EXITED where result.code == 0: break
        // Standard error is not ours to interpret; a file that asks for a password says so in its trailer.
        case LP_EXITED: throw content.range(of: Data("/Encrypt".utf8)) != nil ? .encrypted : .damaged
        case LP_SIGNALLED: throw .crashed(signal: result.code)
        case LP_TIMED_OUT: throw .timedOut(seconds: limits.secondsMax)
        case LP_OUTPUT_LIMIT: throw .tooLong(bytes: limits.textBytesMax)
        default: throw .notStarted(errno: result.code)
        }
        return String(decoding: UnsafeRawBufferPointer(start: result.output, count: result.output_size), as: UTF8.self)
    }

    private func run(_ arguments: [String], _ content: Data, _ seconds: Int) -> lp_result {
        let limits = lp_limits(
            seconds: UInt32(clamping: seconds), memory_bytes: UInt64(clamping: limits.memoryBytesMax),
            output_bytes: limits.textBytesMax)
        var pointers: [UnsafePointer<CChar>?] = arguments.map { UnsafePointer(strdup($0)) } + [nil]
        defer { for pointer in pointers { free(UnsafeMutablePointer(mutating: pointer)) } }
        return content.withUnsafeBytes { lp_run(&pointers, $0.baseAddress, $0.count, limits) }
    }
}
