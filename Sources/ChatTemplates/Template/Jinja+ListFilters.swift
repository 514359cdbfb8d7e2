extension Jinja.Machine {
    /// Filters that walk over items.
    func listFilter(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value? {
        switch name {
        case "list":
            if case .list(let given) = value, !given.isTuple { return value }
            return try list(try items(of: value, for: "list"))
        case "first", "last":
            let items = try items(of: value, for: name)
            return (name == "first" ? items.first : items.last) ?? .undefined("the \(name) item of an empty list")
        case "join":
            guard let attribute = arguments.get(1, "attribute") else {
                return try join(value, with: try shown(arguments.get(0, "d") ?? .text(Text())))
            }
            let values = try list(try attributes(attribute, ofItemsOf: value))
            return try join(values, with: try shown(arguments.get(0, "d") ?? .text(Text())))
        case "map": return try mapped(value, arguments)
        case "select", "reject", "selectattr", "rejectattr": return try selected(name, value, arguments)
        case "reverse":
            let reversed = Array(try items(of: value, for: name).reversed())
            guard case .text = value else { return try list(reversed) }
            return try join(try list(reversed), with: Text())
        case "sort": return try sorted(value, arguments)
        case "unique": return try unique(value, arguments)
        case "sum":
            var sum = arguments.get(1, "start") ?? .int(0)
            let attribute = arguments.get(0, "attribute")
            for item in try attributes(attribute ?? .none, ofItemsOf: value) { sum = try arithmetic(sum, .add, item) }
            return sum
        case "min", "max":
            let items = try attributes(arguments.get(1, "attribute") ?? .none, ofItemsOf: value)
            let folds = !(arguments.get(0, "case_sensitive")?.isTrue ?? false)
            guard var best = items.first else { return .undefined("the \(name) of an empty list") }
            for item in items.dropFirst() {
                try charge(1)
                let order = try order(folded(item, folds), folded(best, folds), "<")
                if name == "min" ? order < 0 : order > 0 { best = item }
            }
            return best
        case "dictsort": return try dictSorted(value, arguments)
        case "batch", "slice": return try batched(name, value, arguments)
        case "groupby": return try grouped(value, arguments)
        default: return nil
        }
    }

    /// `a.b.0` of each item; the items themselves for none.
    private func attributes(_ path: Value, ofItemsOf value: Value) throws(TemplateError) -> [Value] {
        let items = try items(of: value, for: "the filter")
        if case .none = path { return items }
        var found: [Value] = []
        for item in items { found.append(try attribute(path, of: item)) }
        return found
    }

    /// `fallback` stands in for whatever is missing on the way.
    private func attribute(_ path: Value, of value: Value, fallback: Value? = nil) throws(TemplateError) -> Value {
        try charge(1)
        guard case .text(let text) = path else {
            let found = try item(path, of: value)
            return found.isUndefined ? fallback ?? found : found
        }
        var current = value
        for part in text.split([UInt8(ascii: ".")], limit: .max) {
            try charge(1)
            current = try item(Int(part.string).map { .int($0) } ?? .text(part), of: current)
            if current.isUndefined, let fallback { current = fallback }
        }
        return current
    }

    private func mapped(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let items = try items(of: value, for: "map")
        var results: [Value] = []
        if arguments.positional.isEmpty, let path = arguments.get(0, "attribute") {
            let fallback = arguments.named.first { $0.0 == "default" }?.1
            for item in items {
                results.append(try attribute(path, of: item, fallback: fallback))
            }
            return try list(results)
        }
        guard case .text(let name)? = arguments.positional.first else {
            throw fault("map needs a filter's name or an attribute")
        }
        var rest = arguments
        rest.positional.removeFirst()
        // `map` of `map` of `map`: each is a filter's whole frame.
        try descend(12)
        defer { ascend(12) }
        for item in items {
            try charge(1)
            results.append(try filter(name.string, item, rest))
        }
        return try list(results)
    }

    private func selected(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        var rest = arguments
        var path: Value?
        if name.hasSuffix("attr") {
            guard let first = rest.positional.first else { throw fault("\(name) needs an attribute") }
            path = first
            rest.positional.removeFirst()
        }
        var test: String?
        if let first = rest.positional.first {
            guard case .text(let given) = first else {
                throw fault("\(name) needs a test's name, got \(first.typeName)")
            }
            test = given.string
            rest.positional.removeFirst()
        }
        let keeps = name.hasPrefix("select")
        var chosen: [Value] = []
        for item in try items(of: value, for: name) {
            try charge(1)
            var tested = item
            if let path { tested = try attribute(path, of: item) }
            let holds: Bool
            if let test { holds = try self.test(test, tested, rest) } else { holds = tested.isTrue }
            if holds == keeps { chosen.append(item) }
        }
        return try list(chosen)
    }

    private func folded(_ value: Value, _ folds: Bool) -> Value {
        guard folds, case .text(let text) = value else { return value }
        return .text(Jinja.changed(text, "lower"))
    }

    private func sorted(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let items = try items(of: value, for: "sort")
        let folds = !(arguments.get(1, "case_sensitive")?.isTrue ?? false)
        let keys = try attributes(arguments.get(2, "attribute") ?? .none, ofItemsOf: value)
        return try sorted(
            items, by: keys.map { folded($0, folds) }, reverse: arguments.get(0, "reverse")?.isTrue ?? false)
    }

    /// Stable, as Python's: a merge of halves, so that an error in a comparison ends it.
    private func sorted(_ items: [Value], by keys: [Value], reverse: Bool) throws(TemplateError) -> Value {
        var order = Array(items.indices)
        var width = 1
        while width < order.count {
            var merged: [Int] = []
            var start = 0
            while start < order.count {
                let middle = min(start + width, order.count), end = min(start + 2 * width, order.count)
                var (left, right) = (start, middle)
                while left < middle, right < end {
                    try charge(1)
                    let comparison = try self.order(keys[order[left]], keys[order[right]], "<")
                    if reverse ? comparison >= 0 : comparison <= 0 {
                        merged.append(order[left])
                        left += 1
                    } else {
                        merged.append(order[right])
                        right += 1
                    }
                }
                merged += order[left..<middle] + order[right..<end]
                start = end
            }
            order = merged
            width *= 2
        }
        return try list(order.map { items[$0] })
    }

    private func unique(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let items = try items(of: value, for: "unique")
        let folds = !(arguments.get(0, "case_sensitive")?.isTrue ?? false)
        let keys = try attributes(arguments.get(1, "attribute") ?? .none, ofItemsOf: value)
        var seen: [Value] = []
        var kept: [Value] = []
        for (item, key) in zip(items, keys) {
            let key = folded(key, folds)
            var isNew = true
            for other in seen {
                try charge(1)
                if try isEqual(other, key) {
                    isNew = false
                    break
                }
            }
            if isNew {
                seen.append(key)
                kept.append(item)
            }
        }
        return try list(kept)
    }

    private func dictSorted(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        guard case .map(let map) = value else { throw fault("dictsort needs a dict, got \(value.typeName)") }
        let folds = !(arguments.get(0, "case_sensitive")?.isTrue ?? false)
        var byValue = false
        if case .text(let by)? = arguments.get(1, "by") { byValue = by.string == "value" }
        guard case .list(let pairs) = try items(map) else { return value }
        let keys = map.entries.map { folded(byValue ? $0.value : $0.key, folds) }
        return try sorted(pairs.items, by: keys, reverse: arguments.get(2, "reverse")?.isTrue ?? false)
    }

    private func batched(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let items = try items(of: value, for: name)
        guard let count = arguments.positional.first?.asInt, count > 0 else {
            throw fault("\(name) needs a count above zero")
        }
        let filler = arguments.get(1, "fill_with")
        if count > limits.itemsMax { throw limit("a list longer than \(limits.itemsMax) items") }
        var groups: [Value] = []
        if name == "batch" {
            for start in stride(from: 0, to: items.count, by: count) {
                var group = Array(items[start..<min(start + count, items.count)])
                if let filler, group.count < count {
                    group += Array(repeating: filler, count: count - group.count)
                }
                groups.append(try list(group))
            }
            return try list(groups)
        }
        var start = 0
        for place in 0..<count {
            let isLonger = place < items.count % count
            let end = start + items.count / count + (isLonger ? 1 : 0)
            var group = Array(items[start..<end])
            if let filler, !isLonger, items.count % count != 0 { group.append(filler) }
            groups.append(try list(group))
            start = end
        }
        return try list(groups)
    }

    private func grouped(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        guard let path = arguments.get(0, "attribute") else { throw fault("groupby needs an attribute") }
        let keys = try attributes(path, ofItemsOf: value)
        let pairs = try zip(keys, items(of: value, for: "groupby")).map { ($0, $1) }
        guard case .list(let sorted) = try sorted(pairs.map(\.1), by: pairs.map { folded($0.0, true) }, reverse: false)
        else {
            return value
        }
        var groups: [(key: Value, items: [Value])] = []
        for item in sorted.items {
            let key = try attribute(path, of: item)
            if let last = groups.last, try isEqual(folded(last.key, true), folded(key, true)) {
                groups[groups.count - 1].items.append(item)
            } else {
                groups.append((key, [item]))
            }
        }
        var result: [Value] = []
        for group in groups { result.append(try list([group.key, try list(group.items)], isTuple: true)) }
        return try list(result)
    }
}
