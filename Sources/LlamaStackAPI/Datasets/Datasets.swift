/// The endpoints of `datasets`.
public enum Datasets {
    /// Registers a dataset under the caller's id; its answer is empty. The provider is the client's choice, else the
    /// first.
    public static let create = Endpoint<Nothing, CreateDatasetRequest, Nothing, Nothing>(
        .datasets, "create", .post, "/datasets/create", routingKey: .creation(.field("uuid")),
        bodyBytesMax: BodyLimits.datasetBytesMax,
        summary: "Register a dataset.")

    /// Forgets a dataset; its answer is empty. Also served as POST with the id in a JSON body.
    public static let delete = Endpoint<DatasetQuery, Nothing, Nothing, Nothing>(
        .datasets, "delete", .delete, "/datasets/delete",
        // Sent by clients of the draft's time.
        aliases: [EndpointDescription.Route(.post, "/datasets/delete", takesParametersInBody: true)],
        queryAliases: idAliases,
        routingKey: .resource(.parameter("dataset_id")),
        summary: "Forget a dataset.")

    /// Answers the dataset as it was registered.
    public static let get = Endpoint<DatasetQuery, Nothing, Dataset, Nothing>(
        .datasets, "get", .get, "/datasets/get", queryAliases: idAliases,
        routingKey: .resource(.parameter("dataset_id")),
        bodyBytesMax: BodyLimits.datasetBytesMax, summary: "Read a dataset.")

    /// The draft calls one id by two names; clients of that time by a third.
    private static let idAliases = ["uuid": "dataset_id", "dataset_uuid": "dataset_id"]

    static let all = [create.description, delete.description, get.description]
}
