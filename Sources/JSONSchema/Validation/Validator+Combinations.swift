import LlamaStackAPI

/// Schemas that judge the same value.
extension Validator {
    mutating func judgeCombinations(_ node: SchemaNode, _ value: JSON, _ judged: inout Judged) -> Bool {
        var isValid = true
        if let id = node.reference { isValid = judge(id, value, &judged) && isValid }
        if let dynamic = node.dynamicReference {
            let outermost = resources.lazy.compactMap { [schema] in schema.dynamicAnchors[$0][dynamic.name] }.first
            isValid = judge(outermost ?? dynamic.otherwise, value, &judged) && isValid
        }
        for id in node.allOf { isValid = judge(id, value, &judged) && isValid }
        if let ids = node.anyOf { isValid = judgeAny(ids, value, &judged) && isValid }
        if let ids = node.oneOf { isValid = judgeOne(ids, value, &judged) && isValid }
        if let id = node.not {
            var ignored = Judged()
            if isFit(id, value, &ignored) {
                let place = schema.place(of: id)
                isValid = violate("not", "must not be as \(place) says")
            }
        }
        if let condition = node.condition {
            let branch = isFit(condition.test, value, &judged) ? condition.then : condition.otherwise
            if let branch { isValid = judge(branch, value, &judged) && isValid }
        }
        if case .object(let object) = value {
            for (name, id) in node.objects.dependentSchemas {
                guard count(object.members.count / 16) else { return false }
                guard object[name] != nil else { continue }
                isValid = judge(id, value, &judged) && isValid
            }
        }
        return isValid
    }

    private mutating func judgeAny(_ ids: [NodeID], _ value: JSON, _ judged: inout Judged) -> Bool {
        var isFit = false
        var failures: [[Violation]] = []
        for id in ids {
            let failure = failure(id, value, &judged)
            isFit = isFit || failure == nil
            if isFit, !isTracking { return true }
            if let failure { failures.append(failure) }
        }
        return isFit || tell("anyOf", failures, value)
    }

    private mutating func judgeOne(_ ids: [NodeID], _ value: JSON, _ judged: inout Judged) -> Bool {
        var fits: [NodeID] = []
        var failures: [[Violation]] = []
        var found = judged
        for id in ids {
            guard let failure = failure(id, value, &found) else {
                fits.append(id)
                continue
            }
            failures.append(failure)
        }
        if fits.count == 1 {
            judged = found
            return true
        }
        if fits.isEmpty { return tell("oneOf", failures, value) }
        let places = Excerpt.list(fits.prefix(3).map { schema.place(of: $0) })
        return violate(
            "oneOf", "must be as exactly one of \(ids.count) schemas says, but \(fits.count) take it: \(places)")
    }

    /// The violations of one of several schemas; nil when it takes the value.
    private mutating func failure(_ id: NodeID, _ value: JSON, _ judged: inout Judged) -> [Violation]? {
        let before = violations
        violations = []
        alternatives += 1
        defer {
            violations = before
            alternatives -= 1
        }
        return judge(id, value, &judged) ? nil : violations
    }

    /// Says why none of several schemas takes the value: by the one that was probably meant, where one was.
    private mutating func tell(_ keyword: String, _ failures: [[Violation]], _ value: JSON) -> Bool {
        guard quiet == 0 else { return false }
        let here = path.pointer
        let meant = failures.filter { failure in
            !failure.isEmpty
                && !failure.contains { $0.pointer == here && ["type", "enum", "const", ""].contains($0.keyword) }
        }
        // Types and values alone: all that would do.
        if meant.isEmpty {
            let wanted = failures.flatMap { $0.first { $0.pointer == here }?.wanted ?? [] }
            guard !wanted.isEmpty else { return violate(keyword, "is not allowed") }
            var seen: Set<String> = []
            return wrong(keyword, wanted.filter { seen.insert($0).inserted }, value)
        }
        // A form is often named by one property's value.
        let named = meant.filter { !$0.contains { ["enum", "const"].contains($0.keyword) } }
        let likely = named.isEmpty ? meant : named
        if likely.count == 1 { return likely[0].reduce(false) { note($1) || $0 } }
        let reasons = likely.prefix(3).compactMap { $0.first?.description }
        let more = likely.count > 3 ? " …" : ""
        return violate(keyword, "fits none of \(failures.count) forms: \(reasons.joined(separator: "; or "))\(more)")
    }
}
