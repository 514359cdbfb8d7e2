import Checkpoints

extension ModelCheckpoint {
    package func makeTokenizer() throws -> any Tokenizer {
        switch vocabulary {
        case .gguf(let file): try Tokenizers.makeTokenizer(from: file)
        case .tokenizerJSON(let file, let marks): try Tokenizers.makeTokenizer(tokenizerJSON: file, marks: marks)
        case .tokenizerModel(let file): try Tokenizers.makeTokenizer(tokenizerModel: file)
        case .none(let error): throw error
        }
    }
}
