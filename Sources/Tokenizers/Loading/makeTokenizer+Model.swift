import Checkpoints

/// The tokenizer of a `tokenizer.model`: tiktoken's lines of text (Llama 3) or SentencePiece's own form (Llama 2 and
/// before, Mistral). Errors name the file.
///
/// - Parameter template: the folder's chat template.
func makeTokenizer(tokenizerModel file: MappedFile, template: String? = nil) throws -> any Tokenizer {
    // A SentencePiece file begins with its first piece, field 1 of the message; base64 never has that byte.
    guard file.bytes.first == 0x0A else {
        return try Llama3TokenizerFile.tokenizer(file.bytes.bindMemory(to: UInt8.self), place: file.path)
    }
    do {
        var source = try SentencePieceFile(file).source()
        source.template = template
        return try makeTokenizer(source)
    } catch let error as TokenizerError {
        throw TokenizerError("\(file.path): \(error.place)", error.problem)
    }
}
