/// A decimal number of no sign: digits before and after the point.
struct Magnitude: Hashable {
    /// Without leading zeros: none for a number below 1.
    var whole: [UInt8] = []
    /// Without trailing zeros.
    var fraction: [UInt8] = []

    var isZero: Bool { whole.isEmpty && fraction.isEmpty }
}

/// Bounds of a JSON number.
struct NumberBounds: Hashable {
    struct Bound: Hashable {
        var isNegative = false
        var magnitude = Magnitude()
        var isExclusive = false
    }

    /// `factor` times 10 to the power of -`decimals`.
    struct Multiple: Hashable {
        let factor: Int
        let decimals: Int

        static let factorMax = 10_000
    }

    var isInteger = false
    var least: Bound?
    var greatest: Bound?
    var multiple: Multiple?

    var isFree: Bool { least == nil && greatest == nil && multiple == nil }
}

extension ByteAutomaton {
    /// A JSON number within bounds, without an exponent where there are any: the spelling of an integer has no point,
    /// and no spelling has more digits than a number needs.
    static func number(
        _ bounds: NumberBounds, _ budget: inout GrammarBudget
    ) throws(GrammarError) -> ByteAutomaton? {
        let spelling = NumberSpelling(bounds)
        return try exploring(
            NumberSpelling.State(), groups: "-+.e0123456789".utf8.map { [$0] }, budget: &budget,
            step: { spelling.step($0, $1).map { ExploredStep(state: $0) } },
            outcome: { spelling.accepts($0) ? 0 : nil })
    }
}

/// Compares a number with its bounds digit by digit, as it is written.
private struct NumberSpelling {
    enum Phase: Hashable {
        case start, minus, zero, whole, point, fraction, e, eSign, exponent
    }

    struct State: Hashable {
        var phase = Phase.start
        var isNegative = false
        /// Digits of the part before the point without leading zeros, after it, of the exponent.
        var whole = 0
        var fraction = 0
        var exponent = 0
        /// The digits so far against those of each bound: -1, 0, 1.
        var least = 0
        var greatest = 0
        /// The remainder of all digits so far, as one number, by the factor of `multiple`.
        var rest = 0
    }

    let bounds: NumberBounds
    /// The bounds of the magnitude of numbers above zero, and below.
    private let above: (least: NumberBounds.Bound?, greatest: NumberBounds.Bound?)?
    private let below: (least: NumberBounds.Bound?, greatest: NumberBounds.Bound?)?
    private let wholeMax: Int
    private let fractionMax: Int

    init(_ bounds: NumberBounds) {
        self.bounds = bounds
        let (least, greatest) = (bounds.least, bounds.greatest)
        let zero = NumberBounds.Bound(isExclusive: true)
        above = greatest?.isNegative == true ? nil : (least?.isNegative == true ? nil : least, greatest)
        // A number below zero has the magnitude's bounds the other way round; -0 is written 0.
        below =
            least.map { !$0.isNegative } == true
            ? nil : (greatest?.isNegative == true ? greatest : zero, least)
        let digits = [least, greatest].compactMap { $0?.magnitude }
        wholeMax = max(bounds.isInteger ? 18 : 16, digits.map(\.whole.count).max() ?? 0)
        fractionMax = max(bounds.multiple?.decimals ?? 16, (digits.map(\.fraction.count).max() ?? 0) + 1)
    }

    func step(_ state: State, _ byte: UInt8) -> State? {
        var next = state
        switch (state.phase, byte) {
        case (.start, UInt8(ascii: "-")):
            guard below != nil else { return nil }
            next.isNegative = true
            next.phase = .minus
        case (.start, UInt8(ascii: "0")), (.minus, UInt8(ascii: "0")):
            next.phase = .zero
        case (.start, UInt8(ascii: "1")...UInt8(ascii: "9")), (.minus, UInt8(ascii: "1")...UInt8(ascii: "9")),
            (.whole, UInt8(ascii: "0")...UInt8(ascii: "9")):
            guard state.whole < wholeMax else { return nil }
            next.phase = .whole
            take(byte, at: state.whole, \.whole, &next)
            next.whole += 1
        case (.zero, UInt8(ascii: ".")), (.whole, UInt8(ascii: ".")):
            guard !bounds.isInteger, fractionMax > 0 else { return nil }
            (next.least, next.greatest) = orders(state)
            next.phase = .point
        case (.point, UInt8(ascii: "0")...UInt8(ascii: "9")), (.fraction, UInt8(ascii: "0")...UInt8(ascii: "9")):
            guard state.fraction < fractionMax else { return nil }
            next.phase = .fraction
            take(byte, at: state.fraction, \.fraction, &next)
            next.fraction += 1
        case (.zero, UInt8(ascii: "e")), (.whole, UInt8(ascii: "e")), (.fraction, UInt8(ascii: "e")):
            guard bounds.isFree, !bounds.isInteger else { return nil }
            next = State(phase: .e)
        case (.e, UInt8(ascii: "+")), (.e, UInt8(ascii: "-")):
            next.phase = .eSign
        case (.e, UInt8(ascii: "0")...UInt8(ascii: "9")), (.eSign, UInt8(ascii: "0")...UInt8(ascii: "9")),
            (.exponent, UInt8(ascii: "0")...UInt8(ascii: "9")):
            guard state.exponent < 2 else { return nil }
            next.phase = .exponent
            next.exponent += 1
        default: return nil
        }
        return signBounds(next) == nil && next.phase != .minus ? nil : next
    }

    /// Where a sign is not possible at all.
    private func signBounds(_ state: State) -> (least: NumberBounds.Bound?, greatest: NumberBounds.Bound?)? {
        state.isNegative ? below : above
    }

    private func take(_ byte: UInt8, at index: Int, _ part: KeyPath<Magnitude, [UInt8]>, _ state: inout State) {
        let digit = byte - UInt8(ascii: "0")
        func ordered(_ order: Int, _ bound: NumberBounds.Bound?) -> Int {
            guard order == 0, let digits = bound?.magnitude[keyPath: part] else { return order }
            let wanted = index < digits.count ? digits[index] : 0
            return digit == wanted ? 0 : digit < wanted ? -1 : 1
        }
        let signed = signBounds(state)
        state.least = ordered(state.least, signed?.least)
        state.greatest = ordered(state.greatest, signed?.greatest)
        if let multiple = bounds.multiple { state.rest = (state.rest * 10 + Int(digit)) % multiple.factor }
    }

    /// The part before the point, which has ended, against the bounds: by its length first.
    private func orders(_ state: State) -> (Int, Int) {
        func ordered(_ order: Int, _ bound: NumberBounds.Bound?) -> Int {
            guard let count = bound?.magnitude.whole.count else { return 0 }
            return state.whole == count ? order : state.whole < count ? -1 : 1
        }
        let signed = signBounds(state)
        return (ordered(state.least, signed?.least), ordered(state.greatest, signed?.greatest))
    }

    func accepts(_ state: State) -> Bool {
        switch state.phase {
        case .start, .minus, .point, .e, .eSign: return false
        case .exponent: return true
        case .zero, .whole, .fraction: break
        }
        guard let signed = signBounds(state) else { return false }
        var (least, greatest) = state.phase == .fraction ? (state.least, state.greatest) : orders(state)
        // Digits of the bound that were not written are more than the zeros that stand in their place.
        if least == 0, let bound = signed.least, bound.magnitude.fraction.count > state.fraction { least = -1 }
        if greatest == 0, let bound = signed.greatest, bound.magnitude.fraction.count > state.fraction { greatest = -1 }
        if let bound = signed.least, least < 0 || least == 0 && bound.isExclusive { return false }
        if let bound = signed.greatest, greatest > 0 || greatest == 0 && bound.isExclusive { return false }
        guard let multiple = bounds.multiple else { return true }
        guard state.fraction <= multiple.decimals else { return false }
        let rest = (state.fraction..<multiple.decimals).reduce(state.rest) { rest, _ in rest * 10 % multiple.factor }
        return rest == 0
    }
}
