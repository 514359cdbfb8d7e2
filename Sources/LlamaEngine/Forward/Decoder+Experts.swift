import CKernels
import Parallel

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A mixture of experts in place of a layer's one feed-forward network. The rows of a pass are shared out by expert, so
/// that a pass reads each expert's weights at most once, and one of a single row those of its own experts alone.
///
/// The router is computed in f32 whatever the products of its experts take: a choice between two of them is no place
/// for rounding. A row's sum has its own experts' answers in ascending order of the experts and nothing of other rows,
/// so that it is the same to the last bit whatever rows it is among.
extension Decoder {
    /// Adds the experts' answer to `normalised` to the residual stream.
    func mix(_ experts: Experts, layer: Int) {
        guard let mixing, !rows.isEmpty else { return }
        route(experts, mixing)
        mixing.share(experts, self)
        gather(mixing)
        activate(mixing)
        readAhead(after: .activated, layer: layer)
        addDown(mixing)
    }

    /// Rows from which on threads share the router's product by rows.
    private static let tallRows = 32

    /// Chooses each row's experts.
    private func route(_ experts: Experts, _ mixing: ExpertWorkspace) {
        let router = experts.router
        if rows.count >= Self.tallRows {
            pool.run(over: rows.count, grain: 16) { _, rows in
                score(router, rows, 0..<router.panels, mixing)
                for row in rows { choose(experts, row, mixing) }
            }
        } else {
            pool.run(over: router.panels, grain: grain(router.panels, wanted: 1)) { _, panels in
                score(router, 0..<rows.count, panels, mixing)
            }
            eachRow { row in choose(experts, row, mixing) }
        }
    }

    private func score(_ router: Matrix, _ rows: Range<Int>, _ panels: Range<Int>, _ mixing: ExpertWorkspace) {
        router.multiply(
            panels, normalised.floats + rows.lowerBound * router.inputs, rows: rows.count,
            to: mixing.scores.base + rows.lowerBound * router.outputs + router.outputs(of: panels).lowerBound,
            stride: router.outputs, adding: false)
    }

    private func choose(_ experts: Experts, _ row: Int, _ mixing: ExpertWorkspace) {
        let (count, used) = (experts.router.outputs, experts.used)
        ExpertChoice.choose(
            used, of: count, scores: mixing.scores.base + row * count, normalises: experts.normalisesWeights,
            experts: mixing.chosen.base + row * used, weights: mixing.chosenWeights.base + row * used)
        guard let gate = experts.shared?.gate else { return }
        let weight = mixing.sharedWeights.base + row
        gate.multiply(
            0..<1, normalised.floats + row * gate.inputs, rows: 1, to: weight, stride: 1, adding: false)
        weight.pointee = 1 / (1 + exp(-weight.pointee))
    }

    private func gather(_ mixing: ExpertWorkspace) {
        guard mixing.hasGathered else { return }
        let source = normalised
        pool.run(over: mixing.shares.count, grain: 1) { _, range in
            for share in range where mixing.shares[share].isGathered {
                mixing.gather(mixing.shares[share], from: source)
            }
        }
    }

    /// SwiGLU of every share's products with gate and up. A piece's products never leave a thread's cache.
    private func activate(_ mixing: ExpertWorkspace) {
        let shares = mixing.shares
        guard let last = shares.last else { return }
        if rows.count < 8 {
            let second = shares.count > 1 ? shares[1].network.down.matrix.panelMemory : nil
            pool.prefetch(shares[0].network.down.matrix.panelMemory, second)
        }
        pool.run(over: last.firstPiece + last.pieces, grain: 1) { worker, pieces in
            let tile = mixing.tiles.base + worker * mixing.tileFloats
            var index = shares.lastIndex { $0.firstPiece <= pieces.lowerBound } ?? 0
            for piece in pieces {
                if piece == shares[index].firstPiece + shares[index].pieces { index += 1 }
                activate(shares[index], piece: piece - shares[index].firstPiece, tile)
            }
        }
    }

    private func activate(_ share: ExpertWorkspace.Share, piece: Int, _ gate: UnsafeMutablePointer<Float>) {
        let (network, count) = (share.network, share.count)
        let first = piece * share.unit
        let panels = first..<min(first + share.unit, network.gate.matrix.panels)
        let outputs = network.gate.matrix.outputs(of: panels)
        let stride = panels.count * Matrix.panelOutputs
        let up = gate + count * stride
        multiply(network.gate, panels, share.input, rows: count, to: gate, stride: stride)
        multiply(network.up, panels, share.input, rows: count, to: up, stride: stride)
        Self.activate(
            model.configuration.variant.activation, gate, up, stride: stride, rows: count, outputs: outputs,
            to: share.activated, width: network.width,
            as: activations(for: network.down.matrix))
    }

    /// Adds the weighed products with down to the residual stream. A thread has columns of its own of every row: no two
    /// write to one place.
    private func addDown(_ mixing: ExpertWorkspace) {
        let shares = mixing.shares
        guard let panels = shares.first?.network.down.matrix.panels else { return }
        let unit = grain(panels, wanted: 1)
        pool.run(over: panels, grain: unit) { worker, range in
            let tile = mixing.tiles.base + worker * mixing.tileFloats
            for share in shares {
                for first in stride(from: range.lowerBound, to: range.upperBound, by: unit) {
                    addDown(share, first..<min(first + unit, range.upperBound), tile, mixing)
                }
            }
        }
    }

    private func addDown(
        _ share: ExpertWorkspace.Share, _ panels: Range<Int>, _ tile: UnsafeMutablePointer<Float>,
        _ mixing: ExpertWorkspace
    ) {
        let down = share.network.down
        let outputs = down.matrix.outputs(of: panels)
        multiply(down, panels, share.activated, rows: share.count, to: tile, stride: outputs.count)
        for index in 0..<share.count {
            let place = share.first + index
            let row = Int(mixing.rows.base[place])
            let weight = mixing.weights.base[place]
            let products = tile + index * outputs.count
            let sums = workspace.residual.base + row * down.matrix.outputs + outputs.lowerBound
            for column in 0..<outputs.count { sums[column] += weight * products[column] }
        }
    }
}
