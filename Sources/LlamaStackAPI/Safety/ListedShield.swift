/// A shield that a provider of `safety` runs: one line of the list.
public struct ListedShield: WireRecord, Hashable {
    /// The id of the shield in the distribution.
    public var shieldType: ShieldType
    /// Its objections, for people.
    public var description: String
    /// How many bytes of a text it must see at once: a violation is never longer, so a text may be released but for its
    /// last bytes. nil: it judges whole answers only.
    public var holdBytes: Int?

    /// A shield that judges whole answers unless a number of bytes is given.
    public init(shieldType: ShieldType, description: String, holdBytes: Int? = nil) {
        (self.shieldType, self.description, self.holdBytes) = (shieldType, description, holdBytes)
    }

    /// The record's fields, for decoding, encoding and the schema.
    public static let object = Object(
        "ListedShield", Self.init,
        Field("shield_type", \.shieldType, "The shield's id."),
        Field("description", \.description, "What it objects to."),
        Field(
            "hold_bytes", \.holdBytes,
            "How many bytes of a text it must see at once; without it, it judges whole texts only."))
}
