/// A field as functions over memory, without the types of its record and its value. A record's fields are a list of
/// these, so that reading and writing it are loops of plain code: what looks for generic types as it runs would take
/// longer than the field. A class, because a loop over structs copies each of them whole.
@usableFromInline
final class FieldCode: Sendable {
    /// The size and alignment of a value.
    @usableFromInline
    struct Layout: Sendable {
        let size: Int
        let alignment: Int
        /// Ends a value that was read when a later field could not be.
        let destroy: @Sendable (UnsafeMutableRawPointer) -> Void

        @inlinable
        init<Value>(_ type: Value.Type) {
            self.init(size: MemoryLayout<Value>.size, alignment: MemoryLayout<Value>.alignment) {
                $0.assumingMemoryBound(to: Value.self).deinitialize(count: 1)
            }
        }

        @usableFromInline
        init(size: Int, alignment: Int, destroy: @escaping @Sendable (UnsafeMutableRawPointer) -> Void) {
            (self.size, self.alignment, self.destroy) = (size, alignment, destroy)
        }
    }

    /// Puts a value into memory that has none: from its member, which is nil when there is none, the record's members,
    /// and the record's place in the request.
    @usableFromInline
    typealias Read = @Sendable (JSON?, JSONObject, FieldPath, UnsafeMutableRawPointer) throws -> Void
    /// The first argument is a record in memory.
    @usableFromInline
    typealias Encode = @Sendable (UnsafeRawPointer, inout JSONObject) -> Void
    @usableFromInline
    typealias Write = @Sendable (UnsafeRawPointer, inout [UInt8]) -> Void
    @usableFromInline
    typealias Measure = @Sendable (UnsafeRawPointer, inout Int) -> Void

    /// The keys that it takes: one, or those of the record that it inlines.
    let properties: [Schema.Property]
    let layout: Layout
    let read: Read
    let encode: Encode
    /// `"key":`; nil for a record that is inlined, which writes its own.
    private let keyText: [UInt8]?
    private let isOptional: Bool
    private let writeValue: Write
    private let measureValue: Measure

    @usableFromInline
    init(
        key: String, properties: [Schema.Property], isInlined: Bool, layout: Layout, read: @escaping Read,
        encode: @escaping Encode, write: @escaping Write, measure: @escaping Measure
    ) {
        (self.properties, self.layout, self.read, self.encode) = (properties, layout, read, encode)
        (writeValue, measureValue) = (write, measure)
        var keyText: [UInt8] = []
        JSONEscape.encode(key, into: &keyText)
        self.keyText = isInlined ? nil : keyText + [UInt8(ascii: ":")]
        isOptional = !isInlined && properties[0].isOptional
    }

    /// Appends the field to a text whose last byte is `{` or the end of a member.
    func write(_ root: UnsafeRawPointer, to bytes: inout [UInt8]) {
        guard let keyText else { return writeValue(root, &bytes) }
        let start = bytes.count
        if bytes[start - 1] != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
        bytes.append(contentsOf: keyText)
        let value = bytes.count
        writeValue(root, &bytes)
        guard isOptional, bytes.count == value + 4, bytes[value] == UInt8(ascii: "n") else { return }
        bytes.removeLast(bytes.count - start)
    }

    /// Nothing once there is not enough.
    func measure(_ root: UnsafeRawPointer, _ bytesLeft: inout Int) {
        guard bytesLeft >= 0 else { return }
        bytesLeft -= keyText.map { $0.count + 1 } ?? 0
        measureValue(root, &bytesLeft)
    }
}
