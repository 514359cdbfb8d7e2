import LlamaStackAPI

/// The routes of OpenAI's API that the draft can answer.
package enum OpenAI {
    package static let dialect = Dialect(
        "OpenAI", prefix: "/v1", timeHeader: "openai-processing-ms", errorSchema: ErrorBody.schema,
        errorStatus: ErrorForm.status,
        errorBody: { ErrorForm.body($0).jsonBytes },
        [
            listModels, retrieveModel, createChatCompletion, countChatTokens, createCompletion, createEmbeddings,
        ])
}

/// A list that is sent at once.
struct ListOf<Item: WireValue>: WireRecord {
    var object_: ListObject = .list
    var data: [Item]

    init(_ data: [Item]) { self.data = data }
    private init(object_: ListObject, data: [Item]) { (self.object_, self.data) = (object_, data) }

    static var object: Object<Self> {
        Object(
            "List", isComponent: false, Self.init, Field("object", \.object_, constant: .list, "Always list."),
            Field("data", \.data, "The items."))
    }
}

enum ListObject: String, WireEnum { case list }
