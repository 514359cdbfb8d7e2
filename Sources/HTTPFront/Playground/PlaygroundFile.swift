import Playground

/// One file of the playground.
struct PlaygroundFile: Sendable {
    static let index = "index.html"

    /// "tabs/chat.js"
    let name: String
    let bytes: [UInt8]
    /// Another for other bytes, with the quotes of the header `ETag`.
    let tag: String

    static let all: [PlaygroundFile] = {
        var count = 0
        let files = UnsafeBufferPointer(start: playground_files(&count), count: count)
        return files.map { file in
            let bytes = Array(UnsafeBufferPointer(start: file.bytes, count: file.count))
            return PlaygroundFile(name: String(cString: file.path), bytes: bytes, tag: tag(of: bytes))
        }
    }()

    /// The bytes as gzip, made of all files when the first is asked for: a start does not wait for it.
    var packed: [UInt8]? { Self.packed[name] }

    private static let packed = all.reduce(into: [String: [UInt8]]()) { $0[$1.name] = Gzip.pack($1.bytes) }

    /// Other bytes have another tag.
    var packedTag: String { tag.dropLast() + "-gzip\"" }

    /// For the header `Content-Type`. nil never comes up: a test asks each.
    var type: String? {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: nil
        }
    }

    /// FNV-1a: two versions of a file are told apart, and two that are not would harm only who made them.
    private static func tag(of bytes: [UInt8]) -> String {
        let hash = bytes.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        return "\"\(String(hash, radix: 16))-\(bytes.count)\""
    }
}
