import CVectors

/// Vectors with their ids in blocks of 32, as ``CVectors`` lays them out. Grows by blocks that stay where they are, so
/// little is allocated in advance and nothing is copied.
///
/// Not synchronised: a thread must not read while another writes.
final class VectorList {
    static let blockCount = Int(LK_VECTOR_BLOCK)
    private static let groupCount = Int(LK_VECTOR_GROUP)

    let groups: Int
    private(set) var count = 0
    /// Codes, then 32 scales, then 32 ids.
    private var blocks: [UnsafeMutableRawPointer] = []

    init(groups: Int) { self.groups = groups }

    deinit {
        for block in blocks { block.deallocate() }
    }

    static func groups(dimensions: Int) -> Int { (dimensions + groupCount - 1) / groupCount }

    private var codeBytes: Int { groups * Self.groupCount * Self.blockCount }
    private var blockBytes: Int { codeBytes + Self.blockCount * (MemoryLayout<Float>.size + MemoryLayout<Int64>.size) }
    var bytes: Int { blocks.count * blockBytes }
    var blocksCount: Int { blocks.count }

    func append(_ id: Int64, _ code: VectorCode) {
        let slot = count % Self.blockCount
        if slot == 0 { blocks.append(emptyBlock()) }
        write(blocks[blocks.count - 1], slot, id, code)
        count += 1
    }

    /// The last vector takes the place of the one that goes.
    func remove(at index: Int) {
        let last = count - 1
        if index != last {
            write(blocks[index / Self.blockCount], index % Self.blockCount, id(at: last), code(at: last))
        }
        count = last
        if last % Self.blockCount == 0 { blocks.removeLast().deallocate() }
    }

    func id(at index: Int) -> Int64 { ids(blocks[index / Self.blockCount])[index % Self.blockCount] }

    func code(at index: Int) -> VectorCode {
        let (block, slot) = (blocks[index / Self.blockCount], index % Self.blockCount)
        let scale = scales(block)[slot]
        let codes = [Int8](unsafeUninitializedCapacity: groups * Self.groupCount) { buffer, count in
            for group in 0..<groups {
                let source = block + (group * Self.blockCount + slot) * Self.groupCount
                for lane in 0..<Self.groupCount {
                    let code = source.load(fromByteOffset: lane, as: UInt8.self)
                    buffer[group * Self.groupCount + lane] = Int8(bitPattern: code ^ 0x80)
                }
            }
            count = groups * Self.groupCount
        }
        return VectorCode(scale: scale, codes: codes)
    }

    // MARK: Scores

    /// Scores of all vectors, block by block: the first index, how many of the 32 scores count, the largest, and the
    /// scores.
    @inline(__always)
    func scan(_ query: lk_vector_query, _ body: (Int, Int, Float, UnsafePointer<Float>) -> Void) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.blockCount) { scores in
            guard let base = scores.baseAddress else { return }
            for (number, block) in blocks.enumerated() {
                let first = number * Self.blockCount
                let largest = lk_vector_scores(
                    block.assumingMemoryBound(to: UInt8.self), scales(block), query, groups, base)
                body(first, min(Self.blockCount, count - first), largest, base)
            }
        }
    }

    /// The index of the best vector here for each of four queries.
    func best(_ queries: [lk_vector_query]) -> [Int] {
        var best = [(score: Float, index: Int)](repeating: (-.infinity, 0), count: queries.count)
        withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.blockCount * queries.count) { scores in
            guard let base = scores.baseAddress else { return }
            for (number, block) in blocks.enumerated() {
                let first = number * Self.blockCount
                lk_vector_scores4(block.assumingMemoryBound(to: UInt8.self), scales(block), queries, groups, base)
                for query in queries.indices {
                    for slot in 0..<min(Self.blockCount, count - first)
                    where scores[query * Self.blockCount + slot] > best[query].score {
                        best[query] = (scores[query * Self.blockCount + slot], first + slot)
                    }
                }
            }
        }
        return best.map(\.index)
    }

    // MARK: Blocks

    private func emptyBlock() -> UnsafeMutableRawPointer {
        let block = UnsafeMutableRawPointer.allocate(byteCount: blockBytes, alignment: 64)
        block.initializeMemory(as: UInt8.self, repeating: 0x80, count: codeBytes)
        (block + codeBytes).initializeMemory(as: UInt8.self, repeating: 0, count: blockBytes - codeBytes)
        return block
    }

    private func write(_ block: UnsafeMutableRawPointer, _ slot: Int, _ id: Int64, _ code: VectorCode) {
        for (dimension, value) in code.codes.enumerated() {
            let (group, lane) = (dimension / Self.groupCount, dimension % Self.groupCount)
            let offset = (group * Self.blockCount + slot) * Self.groupCount + lane
            block.storeBytes(of: UInt8(bitPattern: value) ^ 0x80, toByteOffset: offset, as: UInt8.self)
        }
        (block + codeBytes).assumingMemoryBound(to: Float.self)[slot] = code.scale
        UnsafeMutablePointer(mutating: ids(block))[slot] = id
    }

    private func scales(_ block: UnsafeMutableRawPointer) -> UnsafePointer<Float> {
        UnsafePointer((block + codeBytes).assumingMemoryBound(to: Float.self))
    }

    private func ids(_ block: UnsafeMutableRawPointer) -> UnsafePointer<Int64> {
        UnsafePointer(
            (block + codeBytes + Self.blockCount * MemoryLayout<Float>.size).assumingMemoryBound(to: Int64.self))
    }
}
