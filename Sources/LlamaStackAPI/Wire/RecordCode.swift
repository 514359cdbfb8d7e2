/// The fields of a record as a list: see ``FieldCode``.
@usableFromInline
final class RecordCode: Sendable {
    let name: String
    let properties: [Schema.Property]
    let isComponent: Bool
    /// Where the record has the members that no field takes; nil: there may be none.
    private let restOffset: Int?
    private let fields: [FieldCode]
    /// The key of each property, and the field that takes it.
    private let keys: [String]
    private let takers: [Int]
    /// The place among `keys` of each, where there are more than can soon be compared.
    private let places: [String: Int]
    /// The distance of each field's value from the first, in memory that holds all of them.
    private let offsets: [Int]
    private let size: Int
    private let alignment: Int

    init(_ name: String, isComponent: Bool, restOffset: Int?, _ fields: [FieldCode]) {
        (self.name, self.isComponent, self.restOffset, self.fields) = (name, isComponent, restOffset, fields)
        properties = fields.flatMap(\.properties)
        var keys: [String] = []
        var takers: [Int] = []
        var places: [String: Int] = [:]
        var offsets: [Int] = []
        var size = 0
        for (index, field) in fields.enumerated() {
            for property in field.properties {
                precondition(
                    places.updateValue(keys.count, forKey: property.key) == nil, "\(name) has \(property.key) twice")
                keys.append(property.key)
                takers.append(index)
            }
            size = (size + field.layout.alignment - 1) / field.layout.alignment * field.layout.alignment
            offsets.append(size)
            size += field.layout.size
        }
        (self.keys, self.takers, self.places) = (keys, takers, keys.count > Self.comparedMax ? places : [:])
        (self.offsets, self.size) = (offsets, size)
        alignment = fields.map(\.layout.alignment).max() ?? 1
    }

    var isOpen: Bool { restOffset != nil }

    func has(_ key: String) -> Bool { place(of: key, from: 0) != nil }

    /// The first of the members that no field takes.
    func firstUnknown(_ members: JSONObject) -> String? {
        var next = 0
        for member in members.members {
            guard let place = place(of: member.key, from: next) else { return member.key }
            next = place + 1
        }
        return nil
    }

    /// More keys than this are hashed.
    private static let comparedMax = 24

    /// - Parameter start: where to look first. Members mostly come in the fields' order, some of them left out.
    private func place(of key: String, from start: Int) -> Int? {
        guard places.isEmpty else { return places[key] }
        for place in start..<max(start, keys.count) where keys[place] == key { return place }
        for place in 0..<min(start, keys.count) where keys[place] == key { return place }
        return nil
    }

    /// The values of a record's fields in memory, each to be taken once, in order.
    struct Values {
        fileprivate let base: UnsafeMutableRawPointer
        fileprivate let offsets: [Int]
        private var index = 0

        fileprivate init(base: UnsafeMutableRawPointer, offsets: [Int]) { (self.base, self.offsets) = (base, offsets) }

        mutating func next<Value>(_ type: Value.Type) -> Value {
            defer { index += 1 }
            return (base + offsets[index]).assumingMemoryBound(to: type).move()
        }
    }

    /// Reads the fields and calls `make`, which takes all of their values.
    func withValues<Root>(
        of members: JSONObject, _ path: FieldPath, _ make: (inout Values) -> Root
    ) throws -> Root {
        try withUnsafeTemporaryAllocation(byteCount: max(1, size), alignment: alignment) { memory in
            guard let base = memory.baseAddress else { preconditionFailure("there is no memory for \(name)") }
            try read(members, path, into: base)
            var values = Values(base: base, offsets: offsets)
            return make(&values)
        }
    }

    /// Puts the fields' values into `memory`, or none of them when it throws.
    private func read(_ members: JSONObject, _ path: FieldPath, into memory: UnsafeMutableRawPointer) throws {
        let all = members.members
        try withUnsafeTemporaryAllocation(of: Int.self, capacity: fields.count) { found in
            found.initialize(repeating: -1)
            var next = 0
            for number in all.indices {
                guard let place = place(of: all[number].key, from: next) else { continue }
                found[takers[place]] = number
                next = place + 1
            }
            for index in fields.indices {
                let json = found[index] < 0 ? nil : all[found[index]].value
                do { try fields[index].read(json, members, path, memory + offsets[index]) } catch {
                    for done in 0..<index { fields[done].layout.destroy(memory + offsets[done]) }
                    throw error
                }
            }
        }
    }

    private func rest(_ root: UnsafeRawPointer) -> JSONObject? {
        restOffset.map { (root + $0).assumingMemoryBound(to: JSONObject.self).pointee }
    }

    /// Appends the members of a record in memory.
    @usableFromInline
    func encode(_ root: UnsafeRawPointer, into object: inout JSONObject) {
        for field in fields { field.encode(root, &object) }
        // A key of a field in the rest would come twice.
        for member in rest(root)?.members ?? [] where !has(member.key) { object.append(member.key, member.value) }
    }

    /// Appends the text of the same members; its last byte must be `{` or the end of a member.
    @usableFromInline
    func write(_ root: UnsafeRawPointer, to bytes: inout [UInt8]) {
        for field in fields { field.write(root, to: &bytes) }
        for member in rest(root)?.members ?? [] where !has(member.key) {
            if bytes.last != UInt8(ascii: "{") { bytes.append(UInt8(ascii: ",")) }
            member.key.write(to: &bytes)
            bytes.append(UInt8(ascii: ":"))
            member.value.write(to: &bytes)
        }
    }

    @usableFromInline
    func measure(_ root: UnsafeRawPointer, _ bytesLeft: inout Int) {
        bytesLeft -= 2
        for field in fields { field.measure(root, &bytesLeft) }
        rest(root)?.measure(&bytesLeft)
    }
}
