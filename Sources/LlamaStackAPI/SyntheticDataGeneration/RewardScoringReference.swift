/// How to score generated candidates. The draft names the reward scoring service itself as this field's type, which has
/// no fields: so any object is taken. Providers read `model`, a reward model, and the filter's settings `k`, `p`,
/// `threshold` and `seed` from it.
public struct RewardScoringReference: WireValue, Hashable, ExpressibleByDictionaryLiteral {
    public var members: JSONObject

    public init(_ members: JSONObject) { self.members = members }
    public init(dictionaryLiteral elements: (String, JSON)...) {
        members = JSONObject()
        for (key, value) in elements { members[key] = value }
    }

    public static var schema: Schema { .object }
    public var json: JSON { .object(members) }
    public init(json: JSON, at path: FieldPath) throws { members = try JSONObject(json: json, at: path) }
}
