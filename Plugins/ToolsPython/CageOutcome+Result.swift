import ChildProcess
import Foundation
import ProviderKit

extension CageOutcome {
    /// The result as a model reads it: how it ended, what it printed between `[stdout]` and `[/stdout]`, what it
    /// complained of between `[stderr]` and `[/stderr]`, and the names of the files that it made.
    func result(_ limits: CageLimits) throws -> ToolResult {
        var pieces = [word]
        if !output.isEmpty { pieces.append("[stdout]\n\(Self.text(output))\n[/stdout]") }
        if !errors.isEmpty { pieces.append("[stderr]\n\(Self.withoutFolders(Self.text(errors)))\n[/stderr]") }
        if let sentence = sentence(limits) { pieces.append(sentence) }
        if !files.isEmpty { pieces.append("[files] " + files.map(\.name).joined(separator: ", ")) }
        if filesLeftOut > 0 {
            pieces.append(
                "\(filesLeftOut) PNG files are left out: a result has \(limits.filesMax) (files_max) of "
                    + "\(limits.filesBytesMax) bytes together (files_bytes_max)")
        }
        return ToolResult(
            content: .text(pieces.joined(separator: "\n")), isError: end != .exited(0),
            files: try files.map { file in
                let url = try WireURL("data:image/png;base64," + Data(file.bytes).base64EncodedString())
                return ToolFile(name: file.name, attachment: Attachment(url: url, mimeType: "image/png"))
            })
    }

    private var word: String {
        switch end {
        case .exited(0): "completed"
        case .limit(.seconds), .limit(.cpuSeconds): "timeout"
        default: "failed"
        }
    }

    /// Why it was ended, when that is not in its own words.
    private func sentence(_ limits: CageLimits) -> String? {
        switch end {
        case .exited: nil
        case .signalled(let number): "the program was ended by \(ExitStatus.name(ofSignal: Int32(clamping: number)))"
        case .limit(.seconds): Self.limit("took more than \(limits.secondsMax) s", "seconds_max")
        case .limit(.cpuSeconds):
            Self.limit("computed for more than \(limits.cpuSecondsMax) s", "cpu_seconds_max")
        case .limit(.memory): Self.limit("used more than \(limits.memoryBytesMax) bytes of memory", "memory_bytes_max")
        case .limit(.processes):
            Self.limit("had more than \(limits.processesMax) processes and threads", "processes_max")
        case .limit(.diskFiles): Self.limit("made more than \(limits.diskFilesMax) files", "disk_files_max")
        case .limit(.output): Self.limit("wrote more than \(limits.outputBytesMax) bytes", "output_bytes_max")
        }
    }

    private static func limit(_ what: String, _ key: String) -> String { "the program was ended: it \(what) (\(key))" }

    private static func text(_ bytes: [UInt8]) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }

    /// Tracebacks name the files of Python's libraries. Below their folder is enough, and says nothing of the machine.
    private static func withoutFolders(_ text: String) -> String {
        text.replacing(#/File "/(?:usr|job)/(?:local/)?(?:lib/python3[^/"]*/(?:dist-packages/|site-packages/)?)?/#) {
            _ in
            "File \""
        }
    }
}
