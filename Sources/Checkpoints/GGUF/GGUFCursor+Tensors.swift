import CKernels

/// A tensor as the header describes it: its size is known, its place not yet believed.
struct DeclaredTensor {
    var name: String
    var type: lk_type
    var dimensions: [Int]
    var byteCount: Int
    /// From the start of the data.
    var offset: UInt64
    /// Where the offset stands in the header.
    var offsetField: Int
}

extension GGUFCursor {
    mutating func tensorInfos(count: Int) throws -> [DeclaredTensor] {
        var tensors: [DeclaredTensor] = []
        var names: Set<String> = []
        for index in 0..<count {
            let start = offset
            let tensor = try tensorInfo(index)
            guard names.insert(tensor.name).inserted else {
                throw refuse(
                    "name of tensor \(index)", at: start, found: "\(tensor.name.quotedForMessage()) again",
                    wanted: "each name once")
            }
            tensors.append(tensor)
        }
        return tensors
    }

    private mutating func tensorInfo(_ index: Int) throws -> DeclaredTensor {
        let name = try name("name of tensor \(index)")
        let quoted = name.quotedForMessage()
        let rankStart = offset
        let rank = try integer(UInt32.self, "rank of tensor \(quoted)")
        guard (1...4).contains(rank) else {
            throw refuse("rank of tensor \(quoted)", at: rankStart, found: "\(rank)", wanted: "1 to 4 dimensions")
        }
        let (dimensions, elements) = try dimensions(Int(rank), of: quoted)
        let typeStart = offset
        let typeNumber = try integer(UInt32.self, "type of tensor \(quoted)")
        guard let type = GGUFTensorType(number: typeNumber) else {
            throw refuse(
                "type of tensor \(quoted)", at: typeStart, found: "\(typeNumber)",
                wanted: "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 or Q2_K to Q6_K")
        }
        guard dimensions[0] % type.block == 0 else {
            throw refuse(
                "dimension 0 of tensor \(quoted)", at: rankStart + 4, found: "\(dimensions[0])",
                wanted: "a multiple of \(type.block), the block of its type")
        }
        guard let byteCount = type.byteCount(of: elements) else {
            throw refuse(
                "size of tensor \(quoted)", at: rankStart, found: "\(elements) values",
                wanted: "a size in bytes that fits")
        }
        let offsetField = offset
        let place = try integer(UInt64.self, "offset of tensor \(quoted)")
        return DeclaredTensor(
            name: name, type: type.type, dimensions: dimensions, byteCount: byteCount, offset: place,
            offsetField: offsetField)
    }

    private mutating func dimensions(_ rank: Int, of quoted: String) throws -> (dimensions: [Int], elements: Int) {
        var dimensions: [Int] = []
        var elements = 1
        for axis in 0..<rank {
            let start = offset
            let claimed = try integer(UInt64.self, "dimension \(axis) of tensor \(quoted)")
            guard claimed > 0, let dimension = Int(exactly: claimed) else {
                throw refuse(
                    "dimension \(axis) of tensor \(quoted)", at: start, found: "\(claimed)",
                    wanted: "a positive number of values")
            }
            let (product, overflow) = elements.multipliedReportingOverflow(by: dimension)
            guard !overflow else {
                throw refuse(
                    "dimension \(axis) of tensor \(quoted)", at: start, found: "\(claimed)",
                    wanted: "a product of all dimensions below 2^63")
            }
            elements = product
            dimensions.append(dimension)
        }
        return (dimensions, elements)
    }

    /// The end of the header, rounded up to the alignment.
    func dataOffset(alignment: Int, tensors: Int) throws -> Int {
        let (padded, overflow) = offset.addingReportingOverflow(alignment - 1)
        let start = padded / alignment * alignment
        guard !overflow, start <= file.bytes.count || tensors == 0 else {
            throw refuse(
                "start of the data", found: "the end of the file at byte \(file.bytes.count)",
                wanted: "data from byte \(start) on (is the file cut short?)")
        }
        return min(start, file.bytes.count)
    }

    /// Believes each tensor's place: aligned, inside the file, apart from the others.
    func place(_ declared: [DeclaredTensor], dataOffset: Int, alignment: Int) throws -> [GGUFTensor] {
        let available = file.bytes.count - dataOffset
        var tensors: [GGUFTensor] = []
        for tensor in declared {
            let field = "offset of tensor \(tensor.name.quotedForMessage())"
            guard let place = Int(exactly: tensor.offset), place % alignment == 0 else {
                throw refuse(
                    field, at: tensor.offsetField, found: "\(tensor.offset)",
                    wanted: "a multiple of the alignment, \(alignment)")
            }
            guard place <= available, tensor.byteCount <= available - place else {
                throw refuse(
                    field, at: tensor.offsetField, found: "\(place), with \(tensor.byteCount) bytes from there",
                    wanted: "a tensor within the \(available) bytes of data (is the file cut short?)")
            }
            let begin = dataOffset + place
            tensors.append(
                GGUFTensor(
                    name: tensor.name, type: tensor.type, dimensions: tensor.dimensions,
                    byteRange: begin..<(begin + tensor.byteCount), file: file))
        }
        try refuseOverlap(tensors, declared)
        return tensors
    }

    private func refuseOverlap(_ tensors: [GGUFTensor], _ declared: [DeclaredTensor]) throws {
        let order = tensors.indices.sorted { tensors[$0].byteRange.lowerBound < tensors[$1].byteRange.lowerBound }
        for (before, after) in zip(order, order.dropFirst())
        where tensors[after].byteRange.lowerBound < tensors[before].byteRange.upperBound {
            throw refuse(
                "offset of tensor \(tensors[after].name.quotedForMessage())", at: declared[after].offsetField,
                found: "\(declared[after].offset)",
                wanted: "a place apart from tensor \(tensors[before].name.quotedForMessage())")
        }
    }
}
