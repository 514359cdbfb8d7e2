/// The facts about a field that its document has.
@usableFromInline
struct FieldProperty: Sendable {
    @usableFromInline let key: String
    @usableFromInline let isOptional: Bool
    private let schema: Schema
    private let description: String
    private var `default`: JSON?
    private var resourceKind: String?
    private var isServerURL = false
    private var isExtended = false
    private var wanted: String?
    private var bounds = JSONObject()

    private init(_ key: String, _ schema: Schema, isOptional: Bool, _ description: String) {
        (self.key, self.schema, self.isOptional, self.description) = (key, schema, isOptional, description)
    }

    /// A field that may be missing where its type is optional.
    @usableFromInline
    static func plain<Value: WireValue>(
        _ key: String, _ type: Value.Type, _ description: String, naming resourceKind: String? = nil,
        isServerURL: Bool = false
    ) -> FieldProperty {
        var property = FieldProperty(key, Value.schema, isOptional: Value.whenMissing != nil, description)
        (property.resourceKind, property.isServerURL) = (resourceKind, isServerURL)
        return property
    }

    /// An optional field that only a caller gets who asks for it.
    @usableFromInline
    static func extended<Value: WireValue>(
        _ key: String, _ type: Value.Type, _ description: String
    ) -> FieldProperty {
        precondition(Value.whenMissing != nil, "\(key) must be of an optional type")
        var property = plain(key, type, description)
        property.isExtended = true
        return property
    }

    /// A field that is always written and has no condition.
    @usableFromInline
    static func unchecked(_ key: String, _ schema: Schema, _ description: String) -> FieldProperty {
        FieldProperty(key, schema, isOptional: false, description)
    }

    /// A field with a condition, where `check` is one.
    @usableFromInline
    static func checked<Value>(
        _ key: String, _ schema: Schema, _ check: Check<Value>?, _ description: String, isOptional: Bool = false,
        default: JSON? = nil
    ) -> FieldProperty {
        var property = FieldProperty(key, schema, isOptional: isOptional, description)
        if let check { (property.wanted, property.bounds) = (check.wanted, check.bounds) }
        property.default = `default`
        return property
    }

    @usableFromInline
    func described(absent: JSON?, isRequired: Bool) -> Schema.Property {
        Schema.Property(
            key: key, schema: schema, isRequired: isRequired, isOptional: isOptional, default: `default`,
            description: description, resourceKind: resourceKind, isServerURL: isServerURL, isExtended: isExtended,
            whenAbsent: isOptional ? nil : absent, wanted: wanted, bounds: bounds)
    }
}
