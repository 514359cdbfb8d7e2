/// The type of a column's values, and whether a row may be without one. On the wire the type's word alone, or
/// `{"type": "number", "nullable": true}`.
public struct DatasetColumn: WireValue, Hashable {
    /// The type of every value.
    public var type: DatasetColumnType
    /// Whether a row may have null in place of a value, leave the column out or, in CSV, have an empty field.
    public var isNullable: Bool

    /// A column that every row has a value of, unless it is said to be nullable.
    public init(_ type: DatasetColumnType, isNullable: Bool = false) {
        (self.type, self.isNullable) = (type, isNullable)
    }

    /// A column of dialogs.
    public static let dialog = DatasetColumn(.dialog)
    /// A column of strings.
    public static let text = DatasetColumn(.text)
    /// A column of URLs and attachments.
    public static let media = DatasetColumn(.media)
    /// A column of numbers.
    public static let number = DatasetColumn(.number)
    /// A column of any JSON.
    public static let json = DatasetColumn(.json)

    /// The schema of the word: the draft's document has no other spelling.
    public static var schema: Schema { DatasetColumnType.schema }
    /// The word, or an object when the column is nullable.
    public var json: JSON { isNullable ? ["type": type.json, "nullable": true] : type.json }
    /// The longest object.
    public func measure(_ bytesLeft: inout Int) { bytesLeft -= 64 }
    /// Throws a ``WireError`` for anything but a type's word or an object with `type` and `nullable`.
    public init(json: JSON, at path: FieldPath) throws {
        guard json.objectValue?["type"] != nil else {
            self.init(try DatasetColumnType(json: json, at: path))
            return
        }
        let record = try Record(json: json, at: path)
        self.init(record.type, isNullable: record.nullable)
    }

    private struct Record: WireRecord {
        var type: DatasetColumnType
        var nullable: Bool

        static let object = Object(
            "DatasetColumn", isComponent: false, Self.init, Field("type", \.type, "The type of every value."),
            Field("nullable", \.nullable, default: false, "Whether a row may be without a value."))
    }
}
