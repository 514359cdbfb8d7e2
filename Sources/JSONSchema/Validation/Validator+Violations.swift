import LlamaStackAPI

/// Notes what is wrong with a value.
extension Validator {
    /// Notes what is wrong at the place at hand. Always false. The last that is told ends the validation.
    mutating func violate(_ keyword: String, _ message: @autoclosure () -> String, _ wanted: [String] = []) -> Bool {
        guard quiet == 0, violations.count < schema.limits.violationsMax, count(4) else { return false }
        return note(
            Violation(place: path.text, pointer: path.pointer, keyword: keyword, message: message(), wanted: wanted))
    }

    /// Always false.
    mutating func note(_ violation: Violation) -> Bool {
        guard violations.count < schema.limits.violationsMax else { return false }
        violations.append(violation)
        if alternatives == 0, violations.count == schema.limits.violationsMax { limit = limit ?? "violationsMax" }
        return false
    }

    /// Notes what is wrong with a property that may be missing.
    mutating func violate(_ keyword: String, property: String, _ message: @autoclosure () -> String) -> Bool {
        path.steps.append(.property(property))
        defer { path.steps.removeLast() }
        return violate(keyword, message())
    }

    mutating func wrong(_ keyword: String, _ wanted: [String], _ value: JSON) -> Bool {
        violate(keyword, "must be \(Self.shortened(wanted)), got \(Excerpt.text(of: value))", wanted)
    }

    static func shortened(_ wanted: [String]) -> String {
        let shownMax = 20
        guard wanted.count > shownMax else { return Excerpt.alternatives(wanted) }
        return "one of " + wanted.prefix(shownMax).joined(separator: ", ") + " and \(wanted.count - shownMax) more"
    }

    /// The verdict alone.
    mutating func isFit(_ id: NodeID, _ value: JSON, _ judged: inout Judged) -> Bool {
        quiet += 1
        defer { quiet -= 1 }
        return judge(id, value, &judged)
    }

    mutating func judge(_ id: NodeID, _ value: JSON, at step: ValuePath.Step) -> Bool {
        path.steps.append(step)
        defer { path.steps.removeLast() }
        var judged = Judged()
        return judge(id, value, &judged)
    }
}
