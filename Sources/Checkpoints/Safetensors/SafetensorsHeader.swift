/// The header of a safetensors file: what it says of each tensor, with sizes that agree; `checkPlaces` then holds the
/// places against each other and the file.
struct SafetensorsHeader {
    struct Declared {
        var name: String
        var dtype: SafetensorsFile.DType
        var shape: [Int]
        /// From the start of the data; `end - begin` is what dtype and shape need.
        var begin: Int
        var end: Int
        /// Where the tensor stands in the header.
        var field: Int
    }

    private(set) var tensors: [Declared] = []
    private(set) var metadata: [String: String] = [:]
    /// Where the data begins.
    let dataOffset: Int
    private let file: MappedFile

    init(file: MappedFile, limits: SafetensorsLimits) throws(CheckpointError) {
        self.file = file
        let count = try Self.length(of: file, limits)
        dataOffset = 8 + count
        let bytes = UnsafeRawBufferPointer(rebasing: file.bytes[8..<dataOffset])
        // The format has the first byte of the header fixed, so that other files are told apart.
        guard bytes.first == UInt8(ascii: "{") else {
            throw CheckpointError(
                path: file.path, field: "header", offset: 8,
                found: ForeignFile(bytes: file.bytes).form ?? "byte \(bytes.first ?? 0)",
                wanted: "'{' (is this a safetensors file?)")
        }
        var json = CheckpointJSON(file, 8..<dataOffset)
        var found: [Declared] = []
        var notes: [String: String] = [:]
        try json.members(of: "header", membersMax: limits.tensorsMax) { name, json throws(CheckpointError) in
            if name == "__metadata__" {
                notes = try Self.metadata(&json, limits)
            } else {
                found.append(try Self.tensor(name, &json, limits))
            }
        }
        try json.end("header")
        (tensors, metadata) = (found, notes)
    }

    private static func length(of file: MappedFile, _ limits: SafetensorsLimits) throws(CheckpointError) -> Int {
        func refuse(_ found: String, _ wanted: String) -> CheckpointError {
            CheckpointError(path: file.path, field: "length of the header", offset: 0, found: found, wanted: wanted)
        }
        guard file.bytes.count >= 8 else {
            throw refuse("a file of \(file.bytes.count) bytes", "8 bytes at least (is the file cut short?)")
        }
        let claimed = UInt64(littleEndian: file.bytes.loadUnaligned(as: UInt64.self))
        guard claimed <= limits.headerBytesMax else {
            let form = ForeignFile(bytes: file.bytes).form
            throw refuse(
                form ?? "\(claimed)", "at most headerBytesMax = \(limits.headerBytesMax) (is this a safetensors file?)")
        }
        guard claimed <= file.bytes.count - 8 else {
            throw refuse("\(claimed)", "at most the \(file.bytes.count - 8) bytes that follow (is the file cut short?)")
        }
        guard claimed > 0 else { throw refuse(ForeignFile(bytes: file.bytes).form ?? "0", "a header") }
        return Int(claimed)
    }

    private static func metadata(
        _ json: inout CheckpointJSON, _ limits: SafetensorsLimits
    ) throws(CheckpointError) -> [String: String] {
        var notes: [String: String] = [:]
        try json.members(of: "'__metadata__'", membersMax: limits.metadataKeysMax) {
            key, json throws(CheckpointError) in
            notes[key] = try json.string("'__metadata__' \(key.quotedForMessage())")
        }
        return notes
    }

    private static func tensor(
        _ name: String, _ json: inout CheckpointJSON, _ limits: SafetensorsLimits
    ) throws(CheckpointError) -> Declared {
        let start = json.offset
        let quoted = name.quotedForMessage()
        guard name.utf8.count <= limits.nameBytesMax else {
            throw json.refuse(
                "name of tensor \(quoted)", found: "\(name.utf8.count) bytes",
                wanted: "at most nameBytesMax = \(limits.nameBytesMax)")
        }
        var dtype: SafetensorsFile.DType?
        var shape: [Int]?
        var places: [Int]?
        try json.members(of: "tensor \(quoted)", membersMax: 16) { key, json throws(CheckpointError) in
            switch key {
            case "dtype": dtype = try Self.dtype(of: quoted, &json)
            case "shape":
                shape = try Self.integers("shape of tensor \(quoted)", countMax: limits.rankMax, &json)
            case "data_offsets": places = try Self.integers("data_offsets of tensor \(quoted)", countMax: 2, &json)
            default: try json.skip("\(key.quotedForMessage()) of tensor \(quoted)")
            }
        }
        func missing(_ what: String) -> CheckpointError {
            json.refuse("tensor \(quoted)", at: start, found: "no '\(what)'", wanted: "dtype, shape and data_offsets")
        }
        guard let dtype else { throw missing("dtype") }
        guard let shape else { throw missing("shape") }
        guard let places, places.count == 2 else { throw missing("data_offsets") }
        let byteCount = try byteCount(dtype, shape) {
            json.refuse(
                "shape of tensor \(quoted)", at: start, found: "\(shape)", wanted: "a size in bytes below 2^63")
        }
        guard places[0] <= places[1], places[1] - places[0] == byteCount else {
            throw json.refuse(
                "data_offsets of tensor \(quoted)", at: start, found: "\(places)",
                wanted: "\(byteCount) bytes, which \(dtype.rawValue) \(shape) takes")
        }
        return Declared(name: name, dtype: dtype, shape: shape, begin: places[0], end: places[1], field: start)
    }

    private static func dtype(
        of quoted: String, _ json: inout CheckpointJSON
    ) throws(CheckpointError) -> SafetensorsFile.DType {
        let at = json.offset
        let name = try json.string("dtype of tensor \(quoted)")
        guard let dtype = SafetensorsFile.DType(rawValue: name) else {
            throw json.refuse(
                "dtype of tensor \(quoted)", at: at, found: name.quotedForMessage(),
                wanted: "one of " + SafetensorsFile.DType.allCases.map(\.rawValue).joined(separator: ", "))
        }
        return dtype
    }

    private static func integers(
        _ field: String, countMax: Int, _ json: inout CheckpointJSON
    ) throws(CheckpointError) -> [Int] {
        var integers: [Int] = []
        try json.items(of: field) { index, json throws(CheckpointError) in
            guard index < countMax else {
                throw json.refuse(field, found: "more than \(countMax) numbers", wanted: "at most \(countMax)")
            }
            integers.append(try json.integer(field, in: 0...Int.max))
        }
        return integers
    }

    private static func byteCount(
        _ dtype: SafetensorsFile.DType, _ shape: [Int], orThrow refusal: () -> CheckpointError
    ) throws(CheckpointError) -> Int {
        // A 0 makes all of it 0, whatever stands before it.
        if shape.contains(0) { return 0 }
        var count = dtype.byteCount
        for dimension in shape {
            let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
            guard !overflow else { throw refusal() }
            count = product
        }
        return count
    }

    /// The data must be used from its first byte to its last, each byte by one tensor.
    func checkPlaces() throws(CheckpointError) {
        let order = tensors.sorted { ($0.begin, $0.end) < ($1.begin, $1.end) }
        let available = file.bytes.count - dataOffset
        var end = 0
        for tensor in order {
            guard tensor.begin == end, tensor.end <= available else {
                throw CheckpointError(
                    path: file.path, field: "data_offsets of tensor \(tensor.name.quotedForMessage())",
                    offset: tensor.field, found: "[\(tensor.begin), \(tensor.end)]",
                    wanted: tensor.end > available
                        ? "a place within the \(available) bytes of data (is the file cut short?)"
                        : "a start at \(end), where the tensor before it ends")
            }
            end = tensor.end
        }
        guard end == available else {
            throw CheckpointError(
                path: file.path, field: "end of the data", offset: dataOffset + end,
                found: "\(available - end) bytes that belong to no tensor", wanted: "the end of the file")
        }
    }
}
