/// A token that must be predicted.
struct Target: Equatable {
    /// The pack's token that predicts it.
    let row: Int
    let token: Int32
    /// Which of the pack's texts it belongs to: a row of supervised training is one, a pair is two (chosen, rejected).
    let text: Int
}

/// Examples that are computed in one pass, one behind the other without padding: attention stays within each, and
/// positions begin at 0 in each, so the numbers are those of each alone.
struct Pack: Equatable {
    var tokens: [Int32] = []
    var positions: [Int32] = []
    /// Token t sees the pack's tokens from its sequence's start up to `prefixEnd[t]`, and from `own[t]` up to itself.
    var prefixEnd: [UInt32] = []
    var own: [UInt32] = []
    var sequences: [Range<Int>] = []
    var targets: [Target] = []
    /// The place in the data of each text's example.
    var examples: [Int] = []

    /// Adds a row. Tokens behind the last one that predicts something are left out: nothing depends on them.
    mutating func add(_ row: TrainingRow, example: Int) {
        let last = row.hasLoss.lastIndex(of: true) ?? 0
        let start = tokens.count
        for index in 0..<last {
            add(row.tokens[index], position: index, start: start, prefixEnd: start, own: start)
            guard row.hasLoss[index + 1] else { continue }
            targets.append(Target(row: start + index, token: row.tokens[index + 1], text: examples.count))
        }
        sequences.append(start..<tokens.count)
        examples.append(example)
    }

    /// Adds a pair as one sequence: the prompt once, then both answers, each of which sees the prompt and itself and
    /// goes on from the prompt's positions.
    mutating func add(_ pair: PreferencePair, example: Int) {
        let start = tokens.count
        let promptEnd = start + pair.prompt.count
        for (index, token) in pair.prompt.enumerated() {
            add(token, position: index, start: start, prefixEnd: start, own: start)
        }
        for answer in [pair.chosen, pair.rejected] {
            let own = tokens.count
            for (index, token) in answer.enumerated() {
                // The first is predicted by the prompt's last; the last predicts nothing.
                let row = index == 0 ? promptEnd - 1 : own + index - 1
                targets.append(Target(row: row, token: token, text: examples.count))
                guard index < answer.count - 1 else { continue }
                add(token, position: pair.prompt.count + index, start: start, prefixEnd: promptEnd, own: own)
            }
            examples.append(example)
        }
        sequences.append(start..<tokens.count)
    }

    private mutating func add(_ token: Int32, position: Int, start: Int, prefixEnd: Int, own: Int) {
        tokens.append(token)
        positions.append(Int32(position))
        self.prefixEnd.append(UInt32(prefixEnd))
        self.own.append(UInt32(own))
    }

    /// Examples in their order, in as few packs as that gives with at most `tokensMax` tokens each; an example with
    /// more has a pack of its own.
    static func packs(
        of examples: some Sequence<Int>, in data: TrainingData, tokensMax: Int
    ) -> [Pack] {
        var packs: [Pack] = []
        var pack = Pack()
        for example in examples {
            if !pack.tokens.isEmpty && pack.tokens.count + data.tokens(of: example) > tokensMax {
                packs.append(pack)
                pack = Pack()
            }
            switch data {
            case .rows(let rows): pack.add(rows[example], example: example)
            case .pairs(let pairs): pack.add(pairs[example], example: example)
            }
        }
        if !pack.tokens.isEmpty { packs.append(pack) }
        return packs
    }
}

extension TrainingData {
    /// Tokens that are computed for an example.
    func tokens(of example: Int) -> Int {
        switch self {
        case .rows(let rows): rows[example].hasLoss.lastIndex(of: true) ?? 0
        case .pairs(let pairs):
            pairs[example].prompt.count + max(0, pairs[example].chosen.count - 1)
                + max(0, pairs[example].rejected.count - 1)
        }
    }

    /// Refuses examples that can't be trained on.
    func check(vocabulary: Int, contextTokens: Int) throws(TrainingError) {
        guard count > 0 else {
            throw TrainingError.badSetting(field: "data", found: "no rows", wanted: "at least one")
        }
        switch self {
        case .rows(let rows):
            for (index, row) in rows.enumerated() { try Self.check(row, index, vocabulary, contextTokens) }
        case .pairs(let pairs):
            for (index, pair) in pairs.enumerated() { try Self.check(pair, index, vocabulary, contextTokens) }
        }
    }

    private static func check(
        _ row: TrainingRow, _ index: Int, _ vocabulary: Int, _ contextTokens: Int
    ) throws(TrainingError) {
        guard row.tokens.count == row.hasLoss.count else {
            throw TrainingError.badRow(
                index: index, field: "loss marks", found: "\(row.hasLoss.count)",
                wanted: "one for each of \(row.tokens.count) tokens")
        }
        guard row.lossTokens > 0 else {
            throw TrainingError.badRow(
                index: index, field: "loss marks", found: "no token with loss behind the first",
                wanted: "at least one")
        }
        try check(row.tokens, "tokens", index, vocabulary)
        try check(length: row.tokens.count, index, contextTokens)
    }

    private static func check(
        _ pair: PreferencePair, _ index: Int, _ vocabulary: Int, _ contextTokens: Int
    ) throws(TrainingError) {
        for (name, tokens) in [("prompt", pair.prompt), ("chosen", pair.chosen), ("rejected", pair.rejected)] {
            guard !tokens.isEmpty else {
                throw TrainingError.badRow(index: index, field: name, found: "no token", wanted: "at least one")
            }
            try check(tokens, name, index, vocabulary)
        }
        try check(length: pair.prompt.count + max(pair.chosen.count, pair.rejected.count), index, contextTokens)
    }

    private static func check(
        _ tokens: [Int32], _ name: String, _ index: Int, _ vocabulary: Int
    ) throws(TrainingError) {
        guard let bad = tokens.first(where: { $0 < 0 || Int($0) >= vocabulary }) else { return }
        throw TrainingError.badRow(
            index: index, field: name, found: "token \(bad)", wanted: "0 to \(vocabulary - 1)")
    }

    private static func check(length: Int, _ index: Int, _ contextTokens: Int) throws(TrainingError) {
        guard length > contextTokens else { return }
        throw TrainingError.badRow(
            index: index, field: "tokens", found: "\(length)", wanted: "at most the model's context of \(contextTokens)"
        )
    }
}
