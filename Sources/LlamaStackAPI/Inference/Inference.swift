/// The endpoints of `inference`. The request's model decides the provider.
public enum Inference {
    /// Answers several dialogs as JSON Lines in the request's order: all, or an error and none.
    public static let batchChatCompletion = Endpoint<
        Nothing, BatchChatCompletionRequest, [ChatCompletionResponse], Nothing
    >(
        .inference, "batch_chat_completion", .post, "/inference/batch_chat_completion", isJSONLines: true,
        routingKey: .listed(.model), summary: "Answer several dialogs: all, in order, or none.")

    /// Continues several texts as JSON Lines in the request's order: all, or an error and none.
    public static let batchCompletion = Endpoint<Nothing, BatchCompletionRequest, [CompletionResponse], Nothing>(
        .inference, "batch_completion", .post, "/inference/batch_completion", isJSONLines: true,
        routingKey: .listed(.model),
        summary: "Continue several texts: all, in order, or none.")

    /// Answers a dialog, as events when the request's `stream` is true.
    public static let chatCompletion = Endpoint<
        Nothing, ChatCompletionRequest, ChatCompletionResponse, ChatCompletionResponseStreamChunk
    >(
        .inference, "chat_completion", .post, "/inference/chat_completion", streaming: .onRequest,
        routingKey: .listed(.model),
        summary: "Answer a dialog.")

    /// Continues a text, as events when the request's `stream` is true.
    public static let completion = Endpoint<
        Nothing, CompletionRequest, CompletionResponse, CompletionResponseStreamChunk
    >(
        .inference, "completion", .post, "/inference/completion", streaming: .onRequest, routingKey: .listed(.model),
        summary: "Continue a text.")

    /// Counts the tokens of a dialog as a chat would have them.
    public static let countTokens = Endpoint<Nothing, CountTokensRequest, CountTokensResponse, Nothing>(
        .inference, "count_tokens", .post, "/inference/count_tokens", routingKey: .listed(.model), isExtension: true,
        summary: "Count the tokens of a dialog.")

    /// Says what a model is.
    public static let describeModel = Endpoint<Nothing, DescribeModelRequest, ModelDescription, Nothing>(
        .inference, "describe_model", .post, "/inference/describe_model", routingKey: .listed(.model),
        isExtension: true, summary: "Say what a model is: its purpose and its sizes.")

    /// Answers the texts' vectors in the request's order.
    public static let embeddings = Endpoint<Nothing, EmbeddingsRequest, EmbeddingsResponse, Nothing>(
        .inference, "embeddings", .post, "/inference/embeddings", routingKey: .listed(.model), isExtension: true,
        summary: "Turn texts into vectors: all, in order, or none.")

    /// Answers how probable each continuation is, in the request's order.
    public static let score = Endpoint<Nothing, ScoreRequest, ScoreResponse, Nothing>(
        .inference, "score", .post, "/inference/score", routingKey: .listed(.model), isExtension: true,
        summary: "Say how probable given texts are after a dialog or a text: all, in order, or none.")

    static let all = [
        batchChatCompletion.description, batchCompletion.description, chatCompletion.description,
        completion.description, countTokens.description, describeModel.description, embeddings.description,
        score.description,
    ]
}
