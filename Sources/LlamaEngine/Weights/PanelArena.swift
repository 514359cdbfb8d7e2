import CKernels
import Checkpoints
import Parallel
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The memory of a model's panels: one piece, in large pages where the system has them. Reading weights through large
/// pages is 1.2 to 1.9 times as fast as through small ones: under a hypervisor it is the page walks that a product
/// waits for.
///
/// Matrices are promised memory while a checkpoint is read, and packed in one go afterwards, on all threads.
final class PanelArena: @unchecked Sendable {  // safe: written by one thread before anybody else sees it
    private struct Promise {
        let matrix: lk_panel_matrix
        let rows: UnsafeRawPointer
        let rowsType: lk_type
        let source: (file: MappedFile, range: Range<Int>)?
        let target: UnsafeMutableRawPointer
        let panelBytes: Int
    }

    private let mapping: UnsafeMutableRawPointer
    private var mappedBytes: Int
    private let base: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var used = 0
    private var promises: [Promise] = []

    private static let largePage = 2 << 20

    /// Address space for `capacity` bytes; pages of it that are never written cost nothing.
    /// - Returns: nil when the system has none.
    init?(capacity: Int) {
        let (bytes, overflow) = capacity.addingReportingOverflow(2 * Self.largePage)
        guard capacity >= 0, !overflow,
            let mapping = mmap(
                nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
            mapping != MAP_FAILED
        else { return nil }
        let address = UInt(bitPattern: mapping)
        let skipped = Int((UInt(Self.largePage) - address % UInt(Self.largePage)) % UInt(Self.largePage))
        self.mapping = mapping
        mappedBytes = bytes
        base = mapping + skipped
        self.capacity = capacity
        #if os(Linux)
        madvise(base, bytes - skipped, 14)  // MADV_HUGEPAGE
        #endif
    }

    deinit {
        munmap(mapping, mappedBytes)
    }

    /// Bytes of the panels of a matrix; nil where it stays in rows: its type has no panels, or a last panel with few
    /// outputs would add more than an eighth.
    static func bytes(type: lk_type, outputs: Int, inputs: Int) -> Int? {
        let panelBytes = lk_panel_bytes(type, inputs)
        guard panelBytes > 0, outputs > 0, outputs % 32 == 0 || outputs >= 256 else { return nil }
        let (bytes, overflow) = panelBytes.multipliedReportingOverflow(by: lk_panels(outputs))
        return overflow ? nil : bytes
    }

    /// The most that the matrices of a checkpoint's tensor take; nil too where it is neither one matrix nor experts'.
    static func bytes(of tensor: CheckpointTensor) -> Int? {
        guard let type = tensor.type else { return nil }
        let shape = tensor.shape
        switch shape.count {
        case 2: return bytes(type: type, outputs: shape[0], inputs: shape[1])
        case 3:
            // An expert's rows may be one matrix, or two of half as many: gate and up.
            let whole = bytes(type: type, outputs: shape[1], inputs: shape[2]) ?? 0
            let half = bytes(type: type, outputs: shape[1] / 2, inputs: shape[2]) ?? 0
            let (all, overflow) = max(whole, 2 * half).multipliedReportingOverflow(by: shape[0])
            return overflow ? nil : all
        default: return nil
        }
    }

    /// A matrix in panels, to be filled by `pack`; nil where it stays in rows. `rows` is read until then.
    /// - Parameters:
    ///   - source: where the rows lie in a file, whose pages are dropped as they have been packed.
    ///   - roundsF16: keeps F16 as bf16, of the same size, which is what bf16 products make of it.
    func promise(
        type: lk_type, outputs: Int, inputs: Int, rows: UnsafeRawPointer,
        source: (file: MappedFile, range: Range<Int>)? = nil, roundsF16: Bool = false
    ) -> lk_panel_matrix? {
        guard let bytes = Self.bytes(type: type, outputs: outputs, inputs: inputs), bytes <= capacity - used else {
            return nil
        }
        let target = base + used
        used += bytes
        let matrix = lk_panel_matrix(
            type: roundsF16 && type == LK_F16 ? LK_BF16 : type, panels: target.assumingMemoryBound(to: UInt8.self),
            outputs: outputs, inputs: inputs)
        promises.append(
            Promise(
                matrix: matrix, rows: rows, rowsType: type, source: source, target: target,
                panelBytes: lk_panel_bytes(type, inputs)))
        return matrix
    }

    /// Panels that a thread packs before it looks for more.
    private static let panelsAtOnce = 16

    /// Fills every matrix that was promised. What was packed of a mapped file does not stay in memory beside its
    /// panels.
    /// - Parameter progress: hears from the pool's threads, in no order, which share of the pieces is done.
    func pack(on pool: ThreadPool, progress: (@Sendable (Double) -> Void)? = nil) {
        let promises = promises
        var pieces: [(promise: Int, panels: Range<Int>)] = []
        for (index, promise) in promises.enumerated() {
            let count = lk_panels(promise.matrix.outputs)
            for start in stride(from: 0, to: count, by: Self.panelsAtOnce) {
                pieces.append((index, start..<min(count, start + Self.panelsAtOnce)))
            }
        }
        let list = pieces
        let done = Atomic(0)
        pool.run(chunks: list.count) { _, chunk in
            let piece = list[chunk]
            let promise = promises[piece.promise]
            for panel in piece.panels {
                let target = promise.target + panel * promise.panelBytes
                lk_pack_panel(
                    promise.rowsType, promise.rows, promise.matrix.outputs, promise.matrix.inputs, panel, target)
                if promise.rowsType != promise.matrix.type { Self.roundF16(target, bytes: promise.panelBytes) }
            }
            if let source = promise.source {
                let rowBytes = lk_row_bytes(promise.rowsType, promise.matrix.inputs)
                let rows = Matrix(panels: promise.matrix).outputs(of: piece.panels)
                let start = source.range.lowerBound
                source.file.drop(start + rows.lowerBound * rowBytes..<start + rows.upperBound * rowBytes)
            }
            let count = done.add(1, ordering: .relaxed).newValue
            progress?(Double(count) / Double(list.count))
        }
        self.promises = []
    }

    /// Turns f16 into bf16 where it lies. The layout of a panel is the same for both.
    private static func roundF16(_ memory: UnsafeMutableRawPointer, bytes: Int) {
        let values = memory.assumingMemoryBound(to: UInt16.self)
        let count = bytes / 2
        withUnsafeTemporaryAllocation(of: Float.self, capacity: min(count, 4096)) { floats in
            guard let floats = floats.baseAddress else { return }
            for start in stride(from: 0, to: count, by: 4096) {
                let some = min(4096, count - start)
                lk_dequantize_row(LK_F16, values + start, floats, some)
                lk_bf16_from_f32(floats, values + start, some)
            }
        }
    }
}
