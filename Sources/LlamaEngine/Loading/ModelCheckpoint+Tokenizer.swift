import Checkpoints

extension ModelCheckpoint {
    package func makeTokenizer() throws -> any Tokenizer {
        switch vocabulary {
        case .gguf(let file): try LlamaEngine.makeTokenizer(from: file)
        case .tokenizerJSON(let file, let marks): try LlamaEngine.makeTokenizer(tokenizerJSON: file, marks: marks)
        case .tokenizerModel(let file): try LlamaEngine.makeTokenizer(tokenizerModel: file)
        case .none(let error): throw error
        }
    }
}
