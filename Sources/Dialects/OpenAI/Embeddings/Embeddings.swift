import LlamaStackAPI

extension OpenAI {
    static let createEmbeddings = DialectEndpoint(
        .post, "/v1/embeddings", "/embeddings", method: "embeddings", body: EmbeddingsBody.self,
        bodyBytesMax: 8 << 20, answer: EmbeddingList.self, summary: "Turn texts into vectors."
    ) { request, caller in
        var options = GenerationOptions()
        if caller.supports("extended", Inference.embeddings.description, model: request.model) {
            options.extended = true
        }
        let answer: EmbeddingsResponse
        do {
            answer = try await caller.answer(
                Inference.embeddings,
                EmbeddingsRequest(model: request.model, contents: request.input.texts.map { .text($0) }),
                model: request.model, options: options.options)
        } catch let error as DialectError {
            throw error.renamed { $0.hasPrefix("contents") ? "input" + $0.dropFirst("contents".count) : nil }
        }
        if let wanted = request.dimensions, let made = answer.embeddings.first?.count, wanted != made {
            throw DialectError(
                .unsupportedOption,
                "dimensions \(wanted) is not supported by this model, whose vectors have \(made): leave it out",
                field: "dimensions")
        }
        let tokens = answer.usage?.promptTokens
        return .json(
            EmbeddingList(
                data: answer.embeddings.enumerated().map { index, vector in
                    EmbeddingItem(index: index, vector: vector, isBase64: request.format == .base64)
                }, model: request.model, usage: tokens.map { EmbeddingUsage(promptTokens: $0, totalTokens: $0) }
            ).jsonBytes)
    }
}

/// The body of `POST /v1/embeddings`.
struct EmbeddingsBody: DialectBody {
    enum Format: String, WireEnum { case float, base64 }

    /// One text or several. Token ids are another model's.
    struct Input: WireValue {
        var texts: [String]

        static var schema: Schema { .oneOf([String.schema, [String].schema]) }
        var json: JSON { texts.json }

        init(json: JSON, at path: FieldPath) throws {
            switch json {
            case .string(let text): texts = [text]
            case .array(let items) where items.contains { if case .string = $0 { false } else { true } }:
                throw WireError(
                    path,
                    "must be texts: the tokens of another tokenizer mean nothing to this model; send texts (LangChain: "
                        + "check_embedding_ctx_length=False)", code: .unsupportedContent)
            default: texts = try [String](json: json, at: path)
            }
        }
    }

    var model: String
    var input: Input
    var format: Format
    var dimensions: Int?
    var rest = JSONObject()

    init(model: String, input: Input, format: Format, dimensions: Int?) {
        (self.model, self.input, self.format, self.dimensions) = (model, input, format, dimensions)
    }

    static let object = Object(
        "OpenAIEmbeddingsRequest", rest: \Self.rest, Self.init(model:input:format:dimensions:),
        Field("model", \.model, check: .identifier, "The model's id or an alias."),
        Field(
            "input", \.input,
            check: Check(
                "1 to \(EmbeddingsRequest.contentsMax) texts",
                bounds: ["minItems": 1, "maxItems": .integer(Int64(EmbeddingsRequest.contentsMax))]
            ) {
                (1...EmbeddingsRequest.contentsMax).contains($0.texts.count)
            }, "A text, or up to \(EmbeddingsRequest.contentsMax)."),
        Field("encoding_format", \.format, default: .float, "float, or base64: 32-bit floats, little-endian."),
        Field(
            "dimensions", \.dimensions, ifPresent: .atLeast(1), schema: .integer(minimum: 1),
            "Only what the model has."))

    static let policy = FieldPolicy(withoutEffect: ["user"])
}

/// The vectors of some texts.
struct EmbeddingList: WireRecord {
    var data: [EmbeddingItem]
    var model: String
    var usage: EmbeddingUsage?

    static let object = Object(
        "OpenAIEmbeddings",
        { (_: ListObject, data, model, usage: EmbeddingUsage?) in EmbeddingList(data: data, model: model, usage: usage)
        },
        Field("object", \.kind, constant: .list, "Always list."), Field("data", \.data, "In the texts' order."),
        Field("model", \.model, "As the request names it."),
        Field("usage", \.usage, "The tokens of the texts; absent where the provider does not count them."))

    private var kind: ListObject { .list }
}

struct EmbeddingUsage: WireRecord {
    var promptTokens: Int
    var totalTokens: Int
    static let object = Object(
        "OpenAIEmbeddingUsage", isComponent: false, Self.init, Field("prompt_tokens", \.promptTokens),
        Field("total_tokens", \.totalTokens))
}

struct EmbeddingItem: WireRecord {
    var index: Int
    var vector: [Float]
    var isBase64 = false

    static let object = Object(
        "OpenAIEmbedding", isComponent: false,
        { (_: String, embedding: EmbeddingVector, index) in EmbeddingItem(index: index, vector: embedding.vector) },
        Field("object", \.kind, "Always embedding."), Field("embedding", \.embedding, "Numbers, or base64."),
        Field("index", \.index, "The text's, from 0."))

    private var kind: String { "embedding" }
    private var embedding: EmbeddingVector { EmbeddingVector(vector: vector, isBase64: isBase64) }
}

/// A vector in either of its forms.
struct EmbeddingVector: WireValue {
    var vector: [Float]
    var isBase64: Bool

    static var schema: Schema { .oneOf([[Float].schema, Base64Data.schema]) }
    var json: JSON { isBase64 ? base64.json : vector.json }
    func write(to bytes: inout [UInt8]) { if isBase64 { base64.write(to: &bytes) } else { vector.write(to: &bytes) } }

    init(vector: [Float], isBase64: Bool) { (self.vector, self.isBase64) = (vector, isBase64) }

    init(json: JSON, at path: FieldPath) throws {
        guard case .string = json else {
            self.init(vector: try [Float](json: json, at: path), isBase64: false)
            return
        }
        let bytes = try Base64Data(json: json, at: path).bytes
        let vector = stride(from: 0, to: bytes.count - bytes.count % 4, by: 4).map { start in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << UInt32(8 * $1) })
        }
        self.init(vector: vector, isBase64: true)
    }

    private var base64: Base64Data {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(vector.count * 4)
        for value in vector { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
        return Base64Data(bytes)
    }
}
