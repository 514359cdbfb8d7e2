/// How to score generated candidates. The draft names the reward scoring service itself as this field's type, which has
/// no fields: so any object is taken. Providers read `model`, a reward model, and the filter's settings `k`, `p`,
/// `threshold` and `seed` from it.
public struct RewardScoringReference: WireValue, Hashable, ExpressibleByDictionaryLiteral {
    /// The object as it came. Unknown members are not refused here.
    public var members: JSONObject

    /// Takes any object. Checks nothing.
    public init(_ members: JSONObject) { self.members = members }
    /// The members of a literal. When a key comes twice, the last value counts.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        members = JSONObject()
        for (key, value) in elements { members[key] = value }
    }

    /// An object without named fields, as the draft's document has it.
    public static var schema: Schema { .object }
    /// The members as they came.
    public var json: JSON { .object(members) }
    /// The object's size.
    public func measure(_ bytesLeft: inout Int) { members.measure(&bytesLeft) }
    /// Throws a ``WireError`` for anything but an object.
    public init(json: JSON, at path: FieldPath) throws { members = try JSONObject(json: json, at: path) }
}
