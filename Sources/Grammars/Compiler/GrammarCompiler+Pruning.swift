extension GrammarCompiler {
    /// Takes optional members out that have no value, so that no answer begins one. What then can't reach its least
    /// number of members has no text, either.
    mutating func prune() {
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            let heights = Grammar.heights(of: rules)
            for (index, rule) in rules.enumerated() {
                guard case .members(var members) = rule, members.drop(where: { heights[Int($0)] == .max }) else {
                    continue
                }
                hasChanged = true
                set(Int32(index), members.canReachMin ? .members(members) : .nothing)
            }
        }
    }
}

extension MembersRule {
    fileprivate var canReachMin: Bool { !open.isEmpty || properties.count >= min }

    /// - Returns: whether there was anything to drop.
    fileprivate mutating func drop(where isImpossible: (Int32) -> Bool) -> Bool {
        let before = properties.count + open.count
        properties.removeAll { !$0.isRequired && isImpossible($0.value) }
        open.removeAll { isImpossible($0.value) }
        guard properties.count + open.count < before else { return false }
        complete()
        return true
    }
}
