/// In which order providers start: those that others need come first, else as in the file.
enum StartOrder {
    /// A way round: "a → b → a".
    struct Cycle: Error, Equatable {
        /// Indices; the first is repeated at the end.
        var path: [Int]
    }

    /// - Parameter needs: of each provider, the indices of those that it needs.
    static func sorted(_ needs: [[Int]]) throws(Cycle) -> [Int] {
        var order: [Int] = []
        var state = [Mark](repeating: .new, count: needs.count)
        var path: [Int] = []
        for start in needs.indices { try visit(start, needs, &state, &path, &order) }
        return order
    }

    private enum Mark { case new, open, done }

    private static func visit(
        _ index: Int, _ needs: [[Int]], _ state: inout [Mark], _ path: inout [Int], _ order: inout [Int]
    ) throws(Cycle) {
        switch state[index] {
        case .done: return
        case .open:
            let start = path.firstIndex(of: index) ?? 0
            throw Cycle(path: Array(path[start...]) + [index])
        case .new: break
        }
        state[index] = .open
        path.append(index)
        for need in needs[index] { try visit(need, needs, &state, &path, &order) }
        path.removeLast()
        state[index] = .done
        order.append(index)
    }
}
