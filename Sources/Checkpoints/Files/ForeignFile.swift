/// Recognises, by its first bytes, a file that stands where one of a model's was expected.
struct ForeignFile {
    let bytes: UnsafeRawBufferPointer

    /// A pointer, page or answer of a server in the place of the file; nil when it is none of these. No file of a model
    /// begins like them.
    var placeholder: (found: String, wanted: String)? {
        if begins("version https://git-lfs.github.com/spec/") {
            return ("a Git LFS pointer, not the file", "the file itself: run 'git lfs pull' in its folder")
        }
        if begins("/annex/objects/") || begins("../.git/annex/") {
            return ("a git-annex pointer, not the file", "the file itself: run 'git annex get' in its folder")
        }
        let start = text.drop { $0.isWhitespace || $0 == "\u{feff}" }.lowercased()
        if ["<!doctype html", "<html", "<head"].contains(where: start.hasPrefix) {
            return (
                "an HTML page, not the file",
                "the file itself: fetch its download link (at huggingface.co '/resolve/', not '/blob/'), signed in "
                    + "where the model asks for it"
            )
        }
        if start.hasPrefix("<?xml") { return ("an XML page, not the file", "the file itself: fetch it again") }
        if let answer = Self.answers.first(where: { start.hasPrefix($0.lowercased()) }) {
            return ("the answer of a server, '\(answer)', not the file", "the file itself: fetch it again")
        }
        return nil
    }

    /// The name of a form of file other than the expected one; nil for one that is not known.
    var form: String? {
        if !bytes.isEmpty, bytes.prefix(4096).allSatisfy({ $0 == 0 }) {
            return "nothing but zero bytes (is it fetched to its end?)"
        }
        if let known = Self.forms.first(where: { bytes.starts(with: $0.mark) })?.name { return known }
        if bytes.count > 9, bytes[8] == UInt8(ascii: "{"), bytes[9] == UInt8(ascii: "\"") {
            return "a safetensors file"
        }
        return bytes.first == UInt8(ascii: "{") ? "JSON" : nil
    }

    private var text: String { String(decoding: bytes.prefix(512), as: UTF8.self) }

    private func begins(_ words: String) -> Bool { bytes.starts(with: words.utf8) }

    private static let answers = [
        "Entry not found", "Invalid username or password", "Repository not found", "Access to model", "404: Not Found",
        "404 page not found", "Not Found", "Unauthorized", "Forbidden", "Access denied",
    ]

    private static let forms: [(mark: [UInt8], name: String)] = [
        ([0x50, 0x4B, 0x03, 0x04], "a ZIP archive, as torch saves weights"), ([0x80, 0x02], "a Python pickle"),
        ([0x80, 0x04], "a Python pickle"), (Array("lmgg".utf8), "a GGML file from before GGUF"),
        (Array("fmgg".utf8), "a GGML file from before GGUF"), (Array("tjgg".utf8), "a GGML file from before GGUF"),
        (Array("algg".utf8), "a LoRA adapter from before GGUF"), ([0x1F, 0x8B], "packed (gzip)"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], "packed (xz)"), ([0x28, 0xB5, 0x2F, 0xFD], "packed (zstd)"),
        ([0x42, 0x5A, 0x68], "packed (bzip2)"), ([0x37, 0x7A, 0xBC, 0xAF], "packed (7z)"),
        ([0x89, 0x48, 0x44, 0x46], "an HDF5 file (Keras, TensorFlow)"), ([0x93, 0x4E, 0x55, 0x4D], "a NumPy array"),
        (Array("PAR1".utf8), "a Parquet file"), (Array("%PDF".utf8), "a PDF"), (Array("GGUF".utf8), "a GGUF file"),
        ([0x7F, 0x45, 0x4C, 0x46], "a program"), ([0x08, 0x07, 0x12], "an ONNX model"),
        ([0x08, 0x08, 0x12], "an ONNX model"),
        ([0x08, 0x09, 0x12], "an ONNX model"), ([0x08, 0x0A, 0x12], "an ONNX model"),
    ]
}
