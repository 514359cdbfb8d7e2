import LlamaStackAPI

/// Arrays and objects.
extension Validator {
    mutating func judgeArray(_ node: SchemaNode, _ items: [JSON], _ judged: inout Judged) -> Bool {
        let rules = node.arrays
        var isValid = true
        if items.count < rules.countMin {
            isValid = violate(
                "minItems", "must have at least \(Self.amount(rules.countMin, "item")), has \(items.count)")
        }
        if let most = rules.countMax, items.count > most {
            isValid = violate("maxItems", "must have at most \(Self.amount(most, "item")), has \(items.count)")
        }
        for (index, item) in items.enumerated() {
            guard let id = index < rules.prefixItems.count ? rules.prefixItems[index] : rules.items else { break }
            if isTracking { judged.items.insert(index) }
            isValid = judge(id, item, at: .item(index)) && isValid
        }
        if rules.isUnique { isValid = judgeUnique(items) && isValid }
        if let contains = rules.contains {
            isValid = judgeContains(contains, items, &judged) && isValid
        }
        return isValid
    }

    private mutating func judgeUnique(_ items: [JSON]) -> Bool {
        var places: [[UInt8]: Int] = [:]
        for (index, item) in items.enumerated() {
            let form = CanonicalForm.bytes(of: item)
            guard count(1 + form.count / 64) else { return false }
            if let other = places.updateValue(index, forKey: form) {
                return violate("uniqueItems", "must have no item twice, but items \(other) and \(index) are the same")
            }
        }
        return true
    }

    private mutating func judgeContains(
        _ contains: ArrayRules.Contains, _ items: [JSON], _ judged: inout Judged
    ) -> Bool {
        var found = 0
        for (index, item) in items.enumerated() {
            var ignored = Judged()
            guard isFit(contains.schema, item, &ignored) else { continue }
            found += 1
            if isTracking { judged.items.insert(index) }
        }
        let place = schema.place(of: contains.schema)
        if found < contains.countMin {
            let wanted = Self.amount(contains.countMin, "item")
            return violate(
                contains.countMin == 1 ? "contains" : "minContains",
                "must have at least \(wanted) as \(place) says, has \(found)")
        }
        if let most = contains.countMax, found > most {
            return violate(
                "maxContains", "must have at most \(Self.amount(most, "item")) as \(place) says, has \(found)")
        }
        return true
    }

    mutating func judgeObject(_ node: SchemaNode, _ object: JSONObject, _ judged: inout Judged) -> Bool {
        let rules = node.objects
        var isValid = true
        let size = object.members.count
        if size < rules.countMin {
            isValid = violate(
                "minProperties", "must have at least \(Self.amount(rules.countMin, "property")), has \(size)")
        }
        if let most = rules.countMax, size > most {
            isValid = violate("maxProperties", "must have at most \(Self.amount(most, "property")), has \(size)")
        }
        if !rules.required.isEmpty || !rules.dependentRequired.isEmpty {
            isValid = judgeRequired(rules, object) && isValid
        }
        for member in object.members {
            if let id = rules.propertyNames { isValid = judgeName(member.key, id) && isValid }
            var isKnown = false
            if let property = rules.property(member.key) {
                isKnown = true
                isValid = judge(property.schema, member.value, at: .property(member.key)) && isValid
            }
            for (pattern, id) in rules.patternProperties where isFound(pattern, in: member.key) {
                isKnown = true
                isValid = judge(id, member.value, at: .property(member.key)) && isValid
            }
            if !isKnown, let id = rules.additionalProperties {
                isKnown = true
                isValid = judgeAdditional(member, id, rules) && isValid
            }
            if isTracking, isKnown { judged.properties.insert(member.key) }
        }
        return isValid
    }

    private mutating func judgeRequired(_ rules: ObjectRules, _ object: JSONObject) -> Bool {
        guard count(object.members.count / 4 + rules.required.count / 4) else { return false }
        let names = Set(object.members.map { ExactName($0.key) })
        var isValid = true
        for name in rules.required where !names.contains(ExactName(name)) {
            isValid = violate("required", property: name, "is required")
        }
        for (name, required) in rules.dependentRequired where names.contains(ExactName(name)) {
            guard count(required.count / 4) else { return false }
            for other in required where !names.contains(ExactName(other)) {
                isValid = violate("dependentRequired", property: other, "is required beside \(name)")
            }
        }
        return isValid
    }

    private mutating func judgeName(_ name: String, _ id: NodeID) -> Bool {
        let before = violations.count
        guard !judge(id, .string(name), at: .property(name)) else { return true }
        let reason = violations.dropFirst(before).first.map { ": " + $0.message } ?? ""
        violations.removeLast(violations.count - before)
        return violate("propertyNames", property: name, "is no name that is allowed here\(reason)")
    }

    private mutating func judgeAdditional(_ member: JSONObject.Member, _ id: NodeID, _ rules: ObjectRules) -> Bool {
        guard schema.nodes[id].isNever else { return judge(id, member.value, at: .property(member.key)) }
        guard quiet == 0 else { return false }
        // Comparing spellings takes time that grows with the square of their length.
        let names = rules.properties.prefix(40).map(\.name).filter { $0.utf8.count <= 64 }
        guard count(names.count) else { return false }
        if member.key.utf8.count <= 64, let close = Spelling.closest(to: member.key, in: names) {
            return violate("additionalProperties", property: member.key, "is not allowed (did you mean '\(close)'?)")
        }
        let known = names.isEmpty ? "" : "; allowed are \(names.prefix(20).joined(separator: ", "))"
        return violate("additionalProperties", property: member.key, "is not allowed\(known)")
    }

    /// `unevaluatedItems` and `unevaluatedProperties`, when all else has judged.
    mutating func judgeRest(_ node: SchemaNode, _ value: JSON, _ judged: inout Judged) -> Bool {
        var isValid = true
        if case .array(let items) = value, let id = node.arrays.unevaluatedItems {
            for (index, item) in items.enumerated() where judged.items.insert(index).inserted {
                isValid = judge(id, item, at: .item(index)) && isValid
            }
        }
        if case .object(let object) = value, let id = node.objects.unevaluatedProperties {
            for member in object.members where judged.properties.insert(member.key).inserted {
                isValid = judge(id, member.value, at: .property(member.key)) && isValid
            }
        }
        return isValid
    }
}

/// A name to the byte: text that Unicode merely holds to be the same is another.
private struct ExactName: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (one: ExactName, two: ExactName) -> Bool { one.text.utf8.elementsEqual(two.text.utf8) }
}
