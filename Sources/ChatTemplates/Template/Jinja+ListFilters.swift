extension Jinja.Machine {
    /// Filters that walk over items.
    func listFilter(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value? {
        switch name {
        case "list":
            if case .list(let given) = value, given.form == .list { return value }
            return try list(try items(of: value, for: "list"))
        case "first": return try first(of: value) ?? .undefined("the first item of an empty list")
        case "last":
            if case .iterator = value { throw fault("a generator has no last item; make it a list before") }
            return try items(of: value, for: name).last ?? .undefined("the last item of an empty list")
        case "random": return try drawn(from: value)
        case "join":
            let separator = try shown(arguments.get(0, "d") ?? .text(Text()))
            let values = try attributes(arguments.get(1, "attribute") ?? .none, ofItemsOf: value)
            return try join(try list(values), with: separator)
        case "map": return try mapped(value, arguments)
        case "select", "reject", "selectattr", "rejectattr": return try selected(name, value, arguments)
        case "reverse": return try reversed(value)
        case "sort": return try sorted(value, arguments)
        case "unique": return try unique(value, arguments)
        case "sum":
            var sum = arguments.get(1, "start") ?? .int(0)
            if case .text = sum { throw fault("sum cannot add texts; use join") }
            let attribute = arguments.get(0, "attribute")
            for item in try attributes(attribute ?? .none, ofItemsOf: value) { sum = try arithmetic(sum, .add, item) }
            return sum
        case "min", "max": return try extreme(name, value, arguments)
        case "dictsort": return try dictSorted(value, arguments)
        case "batch": return try batched(value, arguments)
        case "slice": return try sliced(value, arguments)
        case "groupby": return try grouped(value, arguments)
        default: return nil
        }
    }

    private func first(of value: Value) throws(TemplateError) -> Value? {
        switch value {
        case .iterator(let iterator): return try iterator.next()
        case .list(let list): return list.items.first
        case .map(let map): return map.entries.first?.key
        default: return try items(of: value, for: "first").first
        }
    }

    /// In a dict a place is drawn too, as Python does it: there is an item where that number is a key.
    private func drawn(from value: Value) throws(TemplateError) -> Value {
        let count: Int
        switch value {
        case .undefined: count = 0
        case .text(let text): count = text.count
        case .list(let list) where !list.isView: count = list.items.count
        case .map(let map): count = map.entries.count
        default: throw fault("random needs a list or a text, got \(value.typeName)")
        }
        try charge(1 + count / 32)
        if count == 0 { return .undefined("a random item of what is empty") }
        let place = Int.random(in: 0..<count)
        guard case .map(let map) = value else { return try item(.int(place), of: value) }
        guard let found = map.value(.int(place)) else {
            throw fault("random needs a list or a text, got a dict without the key \(place)")
        }
        return found
    }

    private func reversed(_ value: Value) throws(TemplateError) -> Value {
        let items = Array(try items(of: value, for: "reverse").reversed())
        switch value {
        case .text(let text):
            guard case .text(let reversed) = try join(try list(items), with: Text()) else { return value }
            return .text(reversed.asMarkup(text.isMarkup))
        case .iterator: return try list(items)
        default: return try iterator { $0 = items }
        }
    }

    private func extreme(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let items = try items(of: value, for: name)
        let keys = try attributes(arguments.get(1, "attribute") ?? .none, of: items)
        let folds = !(arguments.get(0, "case_sensitive")?.isTrue ?? false)
        guard var best = items.indices.first else { return .undefined("the \(name) of an empty list") }
        for place in items.indices.dropFirst() {
            try charge(1)
            let (one, other) = (folded(keys[place], folds), folded(keys[best], folds))
            let isBetter = name == "min" ? try order(one, other, "<") < 0 : try order(one, other, ">") > 0
            if isBetter { best = place }
        }
        return items[best]
    }

    /// `a.b.0` of each item; the items themselves for none.
    private func attributes(_ path: Value, ofItemsOf value: Value) throws(TemplateError) -> [Value] {
        try attributes(path, of: try items(of: value, for: "the filter"))
    }

    private func attributes(_ path: Value, of items: [Value], fallback: Value? = nil) throws(TemplateError) -> [Value] {
        if case .none = path { return items }
        var found: [Value] = []
        for item in items { found.append(try attribute(path, of: item, fallback: fallback)) }
        return found
    }

    /// `fallback`, unless it is none, stands in for whatever is missing on the way.
    private func attribute(_ path: Value, of value: Value, fallback: Value? = nil) throws(TemplateError) -> Value {
        try charge(1)
        func filled(_ found: Value) -> Value {
            guard found.isUndefined, let fallback else { return found }
            if case .none = fallback { return found }
            return fallback
        }
        if case .none = path { return value }
        guard case .text(let text) = path else { return filled(try item(path, of: value)) }
        var current = value
        for part in text.split([UInt8(ascii: ".")], limit: .max) {
            try charge(1)
            let isNumber = part.bytes.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            let index = isNumber ? Int(part.string) : nil
            current = filled(try item(index.map { .int($0) } ?? .text(part), of: current))
        }
        return current
    }

    /// The keys to sort by: several for an attribute with commas.
    private func sortKeys(_ path: Value, of items: [Value], folds: Bool) throws(TemplateError) -> [Value] {
        guard case .text(let text) = path, text.bytes.contains(UInt8(ascii: ",")) else {
            return try attributes(path, of: items).map { folded($0, folds) }
        }
        let paths = text.split([UInt8(ascii: ",")], limit: .max)
        var keys: [Value] = []
        for item in items {
            var parts: [Value] = []
            for path in paths { parts.append(folded(try attribute(.text(path), of: item), folds)) }
            keys.append(try list(parts))
        }
        return keys
    }

    private func mapped(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        // jinja2 looks at nothing else when there is nothing to walk over.
        if !value.isTrue { return try iterator { _ in } }
        return try iterator { results throws(TemplateError) in try map(value, arguments, into: &results) }
    }

    private func map(
        _ value: Value, _ arguments: Jinja.Arguments, into results: inout [Value]
    ) throws(TemplateError) {
        if arguments.positional.isEmpty, let path = arguments.get(0, "attribute") {
            for (name, _) in arguments.named where name != "attribute" && name != "default" {
                throw fault("map has no argument '\(name.prefix(60))'")
            }
            let fallback = arguments.named.first { $0.0 == "default" }?.1
            for item in try items(of: value, for: "map") {
                results.append(try attribute(path, of: item, fallback: fallback))
            }
            return
        }
        guard case .text(let name)? = arguments.positional.first else {
            throw fault("map needs a filter's name or an attribute")
        }
        var rest = arguments
        rest.positional.removeFirst()
        // `map` of `map` of `map`: each is a filter's whole frame.
        try descend(12)
        defer { ascend(12) }
        for item in try items(of: value, for: "map") {
            try charge(1)
            results.append(try filter(name.string, item, rest))
        }
    }

    private func selected(_ name: String, _ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        if !value.isTrue { return try iterator { _ in } }
        return try iterator { chosen throws(TemplateError) in try select(name, value, arguments, into: &chosen) }
    }

    private func select(
        _ name: String, _ value: Value, _ arguments: Jinja.Arguments, into chosen: inout [Value]
    ) throws(TemplateError) {
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
        for item in try items(of: value, for: name) {
            try charge(1)
            var tested = item
            if let path { tested = try attribute(path, of: item) }
            let holds: Bool
            if let test { holds = try self.test(test, tested, rest) } else { holds = tested.isTrue }
            if holds == keeps { chosen.append(item) }
        }
    }

    private func folded(_ value: Value, _ folds: Bool) -> Value {
        guard folds, case .text(let text) = value else { return value }
        return .text(Jinja.changed(text, "lower"))
    }

    private func sorted(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let items = try items(of: value, for: "sort")
        let folds = !(arguments.get(1, "case_sensitive")?.isTrue ?? false)
        let keys = try sortKeys(arguments.get(2, "attribute") ?? .none, of: items, folds: folds)
        return try list(
            try sorted(items, by: keys, reverse: arguments.get(0, "reverse")?.isTrue ?? false, skipsEqual: true))
    }

    /// Stable, as Python's: a merge of halves, so that an error in a comparison ends it.
    ///
    /// - Parameter skipsEqual: equal keys need no order, as where Python compares lists of keys.
    func sorted<Item>(
        _ items: [Item], by keys: [Value], reverse: Bool, skipsEqual: Bool = false
    ) throws(TemplateError) -> [Item] {
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
                    let (one, other) = (keys[order[left]], keys[order[right]])
                    let isSame = skipsEqual ? try isEqual(one, other) : false
                    let comparison = isSame ? 0 : try self.order(one, other, "<")
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
        return order.map { items[$0] }
    }

    private func unique(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        let folds = !(arguments.get(0, "case_sensitive")?.isTrue ?? false)
        return try iterator { kept throws(TemplateError) in
            var seen: [Value] = []
            for item in try items(of: value, for: "unique") {
                let key = folded(try attributes(arguments.get(1, "attribute") ?? .none, of: [item])[0], folds)
                try requireHashable(key)
                try charge(1 + seen.count / 4)
                if seen.contains(where: { $0.isSameKey(key) || $0.isUndefined && key.isUndefined }) { continue }
                seen.append(key)
                kept.append(item)
            }
        }
    }

    private func dictSorted(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        guard case .map(let map) = value else { throw fault("dictsort needs a dict, got \(value.typeName)") }
        let folds = !(arguments.get(0, "case_sensitive")?.isTrue ?? false)
        let byValue: Bool
        switch arguments.get(1, "by") {
        case nil: byValue = false
        case .text(let by)? where by.string == "key": byValue = false
        case .text(let by)? where by.string == "value": byValue = true
        default: throw fault("dictsort is by 'key' or by 'value'")
        }
        let keys = map.entries.map { folded(byValue ? $0.value : $0.key, folds) }
        return try list(
            try sorted(try pairs(of: map), by: keys, reverse: arguments.get(2, "reverse")?.isTrue ?? false))
    }

    private func batched(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        try iterator { groups throws(TemplateError) in
            let items = try items(of: value, for: "batch")
            let given = arguments.get(0, "linecount") ?? .none
            // A batch is full when its length equals the count, so what no length equals makes one batch of all.
            let count = given.asDouble
            if let count, count > Double(limits.itemsMax) {
                throw limit("a list longer than \(limits.itemsMax) items")
            }
            let reached = count.flatMap { Int(exactly: $0) } ?? -1
            let size = reached > 0 ? reached : max(items.count, 1)
            if reached == 0, !items.isEmpty { groups.append(try list([])) }
            for start in stride(from: 0, to: items.count, by: size) {
                var group = Array(items[start..<min(start + size, items.count)])
                if let filler = filler(arguments) {
                    guard let count else { throw fault("batch needs a number, got \(given.typeName)") }
                    if Double(group.count) < count {
                        guard let whole = given.asInt else { throw fault("batch needs a whole number to fill") }
                        group += Array(repeating: filler, count: whole - group.count)
                    }
                }
                groups.append(try list(group))
            }
        }
    }

    private func filler(_ arguments: Jinja.Arguments) -> Value? {
        guard let given = arguments.get(1, "fill_with") else { return nil }
        if case .none = given { return nil }
        return given
    }

    private func sliced(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        try iterator { groups throws(TemplateError) in
            let items = try items(of: value, for: "slice")
            guard let count = arguments.get(0, "slices")?.asInt, count != 0 else { throw fault("slice needs a number") }
            if count > limits.itemsMax { throw limit("a list longer than \(limits.itemsMax) items") }
            var start = 0
            for place in 0..<max(0, count) {
                let isLonger = place < items.count % count
                let end = start + items.count / count + (isLonger ? 1 : 0)
                var group = Array(items[start..<end])
                if let filler = filler(arguments), !isLonger { group.append(filler) }
                groups.append(try list(group))
                start = end
            }
        }
    }

    private func grouped(_ value: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        guard let path = arguments.get(0, "attribute") else { throw fault("groupby needs an attribute") }
        let folds = !(arguments.get(2, "case_sensitive")?.isTrue ?? false)
        let items = try items(of: value, for: "groupby")
        let keys = try attributes(path, of: items, fallback: arguments.get(1, "default"))
        let order = try sorted(Array(items.indices), by: keys.map { folded($0, folds) }, reverse: false)
        var groups: [(key: Value, items: [Value])] = []
        for place in order {
            if let last = groups.last, try isEqual(folded(last.key, folds), folded(keys[place], folds)) {
                groups[groups.count - 1].items.append(items[place])
            } else {
                groups.append((keys[place], [items[place]]))
            }
        }
        var result: [Value] = []
        for group in groups { result.append(try list([group.key, try list(group.items)], .group)) }
        return try list(result)
    }
}
