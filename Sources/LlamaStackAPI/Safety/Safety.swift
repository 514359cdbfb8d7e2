/// The endpoints of `safety`, an API beyond the draft. The request's shield decides the provider.
public enum Safety {
    /// Answers the shields of all providers, as JSON Lines.
    public static let list = Endpoint<Nothing, Nothing, [ListedShield], Nothing>(
        .safety, "list", .get, "/safety/list", isJSONLines: true, routingKey: .all, isExtension: true,
        summary: "List the shields.")

    /// Has a shield judge a conversation.
    public static let runShield = Endpoint<Nothing, RunShieldRequest, RunShieldResponse, Nothing>(
        .safety, "run_shield", .post, "/safety/run_shield", routingKey: .listed(.shield), isExtension: true,
        summary: "Judge a conversation.",
        rules: "A setting in params that the shield does not have is refused as params.<name>, whatever the messages.",
        "With no messages it checks the settings alone, and finds nothing.")

    static let all = [list.description, runShield.description]
}
