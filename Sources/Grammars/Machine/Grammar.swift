/// A language that answers keep to, compiled: rules that refer to each other, and automata for the bytes between them.
/// Knows nothing of a vocabulary but the ids of the tokens that its source names. Immutable: any thread may use it.
package final class Grammar: Sendable {
    let rules: [Rule]
    let leaves: [Leaf]
    let root: Int32
    /// How deep a stack must grow to end a rule, at least; `Int32.max` where it can't end.
    private let heights: [Int32]

    /// Frames of one stack.
    static let depthMax: Int32 = 192

    /// - Throws: when no text keeps to the rules.
    init(rules: [Rule], leaves: [Leaf], root: Int32) throws(GrammarError) {
        (self.rules, self.leaves, self.root) = (rules, leaves, root)
        heights = Self.heights(of: rules)
        guard heights[Int(root)] <= Self.depthMax else {
            throw GrammarError(reason: "has no text: nothing is valid under its schema")
        }
    }

    func start() -> Readings {
        var readings = Readings()
        enter(root, nil, &readings)
        return readings
    }

    /// Whether the stack has room to end `rule` above `frame`.
    private func canEnd(_ rule: Int32, above frame: Frame?) -> Bool {
        heights[Int(rule)] <= Self.depthMax - (frame?.depth ?? 0)
    }

    /// Whether the stack has room to end `rule` above a new frame, which is above `below`.
    private func canEnd(_ rule: Int32, twoAbove below: Frame?) -> Bool {
        heights[Int(rule)] <= Self.depthMax - (below?.depth ?? 0) - 1
    }

    // MARK: - Moves without a byte

    /// Adds the readings in which `rule` begins, with `frame` below it.
    func enter(_ rule: Int32, _ frame: Frame?, _ readings: inout Readings) {
        guard canEnd(rule, above: frame) else { return }
        switch rules[Int(rule)] {
        case .nothing: break
        case .leaf(let leaf): begin(leaf, frame, &readings)
        case .token(let token): readings.insert(Reading(top: .token(token), frame: frame))
        case .sequence(let parts): continueSequence(rule, parts, from: 0, frame, &readings)
        case .choice(let options):
            for option in options { enter(option, frame, &readings) }
        case .list(let list): continueList(rule, list, done: 0, frame, &readings)
        case .members(let members):
            continueMembers(rule, members, from: 0, count: 0, used: nil, frame, &readings)
        case .free(let free): begin(free.leaf, Frame(rule, parent: frame), &readings)
        }
    }

    /// Adds the readings that follow when what is above `frame` has ended.
    /// - Parameters:
    ///   - outcome: of the automaton that has ended.
    ///   - key: what it has read, where that was a key that the schema does not list.
    func resume(_ frame: Frame?, outcome: Int32 = 0, key: [UInt8]? = nil, _ readings: inout Readings) {
        guard let frame else { return readings.insert(Reading(top: .end, frame: nil)) }
        let index = Int(frame.index)
        switch rules[Int(frame.rule)] {
        case .sequence(let parts): continueSequence(frame.rule, parts, from: index, frame.parent, &readings)
        case .list(let list):
            if frame.stage == .separator {
                enterItem(frame.rule, list, index, frame.parent, &readings)
            } else {
                continueList(frame.rule, list, done: index, frame.parent, &readings)
            }
        case .members(let members): resume(frame, members, key, &readings)
        case .free(let free):
            if frame.stage == .value, free.afterTexts.indices.contains(Int(outcome)) {
                enter(
                    free.afterTexts[Int(outcome)], Frame(frame.rule, stage: .separator, parent: frame.parent),
                    &readings)
            } else {
                // What followed an opening has ended: the text is free again.
                begin(free.leaf, Frame(frame.rule, parent: frame.parent), &readings)
            }
        case .leaf, .token, .choice, .nothing: break
        }
    }

    private func begin(_ leaf: Int32, _ frame: Frame?, _ readings: inout Readings) {
        readings.insert(Reading(top: .leaf(leaf, state: 0, count: 0), frame: frame))
    }

    private func continueSequence(
        _ rule: Int32, _ parts: [Int32], from index: Int, _ below: Frame?, _ readings: inout Readings
    ) {
        guard index < parts.count else { return resume(below, &readings) }
        // The last part ends the whole: a ring of such parts grows no stack.
        let isLast = index == parts.count - 1
        enter(parts[index], isLast ? below : Frame(rule, index: Int32(index + 1), parent: below), &readings)
    }

    private func continueList(
        _ rule: Int32, _ list: ListRule, done: Int, _ below: Frame?, _ readings: inout Readings
    ) {
        if done >= list.min { resume(below, &readings) }
        guard done < list.max, let item = list.item(done), canEnd(item, twoAbove: below) else { return }
        if done > 0, let separator = list.separator {
            enter(separator, Frame(rule, index: Int32(done), stage: .separator, parent: below), &readings)
        } else {
            enterItem(rule, list, done, below, &readings)
        }
    }

    private func enterItem(
        _ rule: Int32, _ list: ListRule, _ index: Int, _ below: Frame?, _ readings: inout Readings
    ) {
        guard let item = list.item(index) else { return }
        // Items beyond all bounds are alike, and so are the states after them.
        let done = list.max == .max ? min(index + 1, max(list.min, list.first.count, 1)) : index + 1
        enter(item, Frame(rule, index: Int32(done), parent: below), &readings)
    }

    private func resume(_ frame: Frame, _ members: MembersRule, _ key: [UInt8]?, _ readings: inout Readings) {
        let index = Int(frame.index)
        func next(_ stage: Frame.Stage, index: Int, count: Int32, used: UsedKeys?) -> Frame {
            Frame(frame.rule, index: Int32(index), count: count, stage: stage, used: used, parent: frame.parent)
        }
        switch frame.stage {
        case .key:
            enter(
                members.properties[index].value,
                next(.value, index: index + 1, count: frame.count + 1, used: frame.used),
                &readings)
        case .openSeparator: beginKey(frame, members, &readings)
        case .openKey:
            guard let key, !UsedKeys.contains(key, frame.used) else { return }
            enter(
                members.open[index].colon,
                next(.openColon, index: index, count: frame.count, used: UsedKeys(key, frame.used)), &readings)
        case .openColon:
            enter(
                members.open[index].value,
                next(.value, index: members.properties.count, count: frame.count + 1, used: frame.used), &readings)
        case .value, .separator:
            continueMembers(
                frame.rule, members, from: index, count: Int(frame.count), used: frame.used, frame.parent, &readings)
        }
    }

    private func beginKey(_ frame: Frame, _ members: MembersRule, _ readings: inout Readings) {
        let below = Frame(
            frame.rule, index: frame.index, count: frame.count, stage: .openKey, used: frame.used, parent: frame.parent)
        let top = Reading.Top.leaf(members.open[Int(frame.index)].key, state: 0, count: 0)
        readings.insert(Reading(top: top, frame: below, key: []))
    }

    private func continueMembers(
        _ rule: Int32, _ members: MembersRule, from index: Int, count: Int, used: UsedKeys?, _ below: Frame?,
        _ readings: inout Readings
    ) {
        for next in index..<members.properties.count {
            let property = members.properties[next]
            let later = members.properties.count - next - 1
            let canReachMin = !members.open.isEmpty || count + 1 + later >= members.min
            if canReachMin, count + 1 + members.requiredFrom[next + 1] <= members.max,
                canEnd(property.value, twoAbove: below)
            {
                enter(
                    count == 0 ? property.keyAtFirst : property.keyLater,
                    Frame(rule, index: Int32(next), count: Int32(count), stage: .key, parent: below), &readings)
            }
            if property.isRequired { return }
        }
        if count < members.max {
            for (next, open) in members.open.enumerated() where canEnd(open.value, twoAbove: below) {
                let frame = Frame(
                    rule, index: Int32(next), count: Int32(count), stage: .openSeparator, used: used, parent: below)
                if count == 0 { beginKey(frame, members, &readings) } else { enter(open.separator, frame, &readings) }
            }
        }
        if count >= members.min { resume(below, &readings) }
    }
}

extension Grammar {
    /// The least fixed point of what each rule needs of those below it.
    static func heights(of rules: [Rule]) -> [Int32] {
        var heights = [Int32](repeating: .max, count: rules.count)
        var hasChanged = true
        while hasChanged {
            hasChanged = false
            for (index, rule) in rules.enumerated() {
                let height = height(of: rule, heights)
                if height < heights[index] {
                    heights[index] = height
                    hasChanged = true
                }
            }
        }
        return heights
    }

    private static func height(of rule: Rule, _ heights: [Int32]) -> Int32 {
        func above(_ rules: some Sequence<Int32>) -> Int32 {
            let highest = rules.reduce(0) { max($0, heights[Int($1)]) }
            return highest == .max ? .max : highest + 1
        }
        switch rule {
        case .leaf, .token: return 0
        case .nothing: return .max
        case .sequence(let parts): return above(parts)
        case .choice(let options): return options.reduce(.max) { min($0, heights[Int($1)]) }
        case .list(let list):
            return above((0..<max(0, list.min)).prefix(list.first.count + 1).compactMap { list.item($0) })
        case .members(let members):
            return above(members.properties.filter(\.isRequired).map(\.value))
        case .free: return 1
        }
    }
}
