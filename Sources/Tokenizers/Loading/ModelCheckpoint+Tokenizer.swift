import Checkpoints

extension ModelCheckpoint {
    package func makeTokenizer() throws -> any Tokenizer {
        switch vocabulary {
        case .gguf(let file): try Tokenizers.makeTokenizer(from: file, template: chatTemplates?.text)
        case .tokenizerJSON(let file, let marks):
            try Tokenizers.makeTokenizer(tokenizerJSON: file, marks: marks, template: chatTemplates?.text)
        case .tokenizerModel(let file):
            try Tokenizers.makeTokenizer(tokenizerModel: file, template: chatTemplates?.text)
        case .none(let error): throw error
        }
    }
}
