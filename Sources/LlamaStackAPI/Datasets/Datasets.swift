public enum Datasets {
    public static let create = Endpoint<Nothing, CreateDatasetRequest, Nothing, Nothing>(
        .datasets, "create", .post, "/datasets/create", routingKey: .creation(.field("uuid")),
        bodyBytesMax: BodyLimits.datasetBytesMax,
        summary: "Register a dataset.")

    public static let delete = Endpoint<DatasetQuery, Nothing, Nothing, Nothing>(
        .datasets, "delete", .delete, "/datasets/delete",
        // What clients of that time send.
        aliases: [EndpointDescription.Route(.post, "/datasets/delete", takesParametersInBody: true)],
        queryAliases: idAliases,
        routingKey: .resource(.parameter("dataset_id")),
        summary: "Forget a dataset.")

    public static let get = Endpoint<DatasetQuery, Nothing, Dataset, Nothing>(
        .datasets, "get", .get, "/datasets/get", queryAliases: idAliases,
        routingKey: .resource(.parameter("dataset_id")),
        bodyBytesMax: BodyLimits.datasetBytesMax, summary: "Read a dataset.")

    /// The draft calls one id by two names; clients of that time by a third.
    private static let idAliases = ["uuid": "dataset_id", "dataset_uuid": "dataset_id"]

    static let all = [create.description, delete.description, get.description]
}
