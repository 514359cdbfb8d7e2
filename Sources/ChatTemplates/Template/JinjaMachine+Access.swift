extension Jinja.Machine {
    func step(_ step: Jinja.Step, on value: Value) throws(TemplateError) -> Value {
        try charge(1)
        switch step {
        case .attribute(let name): return try attribute(name, of: value)
        case .item(let index): return try item(index, value)
        case .slice(let start, let end, let stride, let isFolded):
            return try slice(value, start, end, stride, isFolded)
        case .call(let given, let line): return try called(value, given, line)
        case .filter(let name, let given, let line): return try filtered(name, value, given, line)
        case .test(let name, let given, let isNegated, let line):
            return .bool(try tested(name, value, given, line) != isNegated)
        }
    }

    // A function each, so that a chain inside a chain costs only the frames that it needs: see
    // `TemplateLimits.depthMax`.

    private func item(_ index: any Jinja.Expression, _ value: Value) throws(TemplateError) -> Value {
        let index = try evaluate(index)
        return try item(index, of: value)
    }

    private func called(_ value: Value, _ given: Jinja.CallArguments, _ line: Int) throws(TemplateError) -> Value {
        let arguments = try arguments(given)
        self.line = line
        if case .macro(let index) = value { return try callMacro(index, arguments) }
        return try call(value, arguments)
    }

    private func filtered(
        _ name: String, _ value: Value, _ given: Jinja.CallArguments, _ line: Int
    ) throws(TemplateError) -> Value {
        let arguments = try arguments(given)
        self.line = line
        return try filter(name, value, arguments)
    }

    private func tested(
        _ name: String, _ value: Value, _ given: Jinja.CallArguments, _ line: Int
    ) throws(TemplateError) -> Bool {
        let arguments = try arguments(given)
        self.line = line
        return try test(name, value, arguments)
    }

    func arguments(_ given: Jinja.CallArguments) throws(TemplateError) -> Jinja.Arguments {
        if given.isEmpty { return Jinja.Arguments() }
        try descend()
        defer { ascend() }
        var arguments = Jinja.Arguments()
        for expression in given.positional { arguments.positional.append(try evaluate(expression)) }
        for (name, expression) in given.named { arguments.named.append((name, try evaluate(expression))) }
        if let spread = given.spread {
            arguments.positional += try items(of: try evaluate(spread), for: "'*'")
        }
        if let spread = given.namedSpread { try add(try evaluate(spread), to: &arguments) }
        return arguments
    }

    private func add(_ spread: Value, to arguments: inout Jinja.Arguments) throws(TemplateError) {
        guard case .map(let map) = spread else { throw fault("'**' needs a dict, got \(spread.typeName)") }
        for entry in map.entries {
            guard case .text(let key) = entry.key else {
                throw fault("'**' needs names as keys, got \(entry.key.typeName)")
            }
            try charge(1 + arguments.named.count / 8)
            let name = key.string
            guard !arguments.named.contains(where: { $0.0 == name }) else {
                throw fault("an argument given twice: '\(name.prefix(60))'")
            }
            arguments.named.append((name, entry.value))
        }
    }

    /// `value.name`: a method or attribute first, then an entry of a dict.
    func attribute(_ name: String, of value: Value) throws(TemplateError) -> Value {
        if case .undefined(let what) = value { throw fault("\(what) is undefined, so it has no '\(name)'") }
        if let found = try ownAttribute(name, of: value) { return found }
        if case .map(let map) = value {
            try charge(map.entries.count / 8)
            if let found = map.value(name) { return found }
        }
        return .undefined("the \(value.typeName)'s '\(name)'")
    }

    /// The attribute of this name of Python's type, without a dict's entries.
    func ownAttribute(_ name: String, of value: Value) throws(TemplateError) -> Value? {
        if Jinja.Methods.isChanging(name, value) || name.hasPrefix("__") {
            return .undefined("the \(value.typeName)'s '\(name)', which a template may not use,")
        }
        if Jinja.Methods.of(value)[name] != nil { return try method(name, of: value) }
        switch value {
        case .namespace(let index):
            try charge(namespaces[index].count / 16)
            return namespaces[index].first { $0.name == name }?.value
        case .loop(let loop): return try attribute(name, of: loop)
        case .macro(let index): return try attribute(name, of: macro(at: index).definition)
        case .counter(let counter):
            guard !counter.isJoiner else { return nil }
            return name == "current" ? counter.items.items[counter.place] : name == "pos" ? .int(counter.place) : nil
        case .list(let list) where list.form == .group:
            return name == "grouper" ? list.items[0] : name == "list" ? list.items[1] : nil
        case .int, .bool:
            guard let number = value.asInt else { return nil }
            return ["real": number, "numerator": number, "imag": 0, "denominator": 1][name].map { .int($0) }
        case .double(let number): return name == "real" ? value : name == "imag" ? .double(number * 0) : nil
        default: return nil
        }
    }

    private func attribute(_ name: String, of macro: Jinja.MacroDefinition) throws(TemplateError) -> Value? {
        switch name {
        case "name": return .trusted(macro.name)
        case "arguments": return try list(macro.parameters.map { .trusted($0.text) }, .tuple)
        case "catch_kwargs": return .bool(macro.extras.kwargs != nil)
        case "catch_varargs": return .bool(macro.extras.varargs != nil)
        case "caller": return .bool(macro.extras.caller != nil)
        default: return nil
        }
    }

    /// A method keeps its receiver, which counts as one more level of values.
    private func method(_ name: String, of value: Value) throws(TemplateError) -> Value {
        if value.depth >= limits.nestingMax { throw limit("values inside values, more than \(limits.nestingMax) deep") }
        return .method(Jinja.Method(receiver: value, name: name))
    }

    private func attribute(_ name: String, of loop: Jinja.LoopState) throws(TemplateError) -> Value? {
        let (index, count) = (loop.index, loop.items.count)
        switch name {
        case "index": return .int(index + 1)
        case "index0": return .int(index)
        case "revindex": return .int(count - index)
        case "revindex0": return .int(count - index - 1)
        case "first": return .bool(index == 0)
        case "last": return .bool(index + 1 == count)
        case "length": return .int(count)
        case "depth": return .int(loop.level + 1)
        case "depth0": return .int(loop.level)
        case "previtem": return index > 0 ? loop.items[index - 1] : .undefined("the item before the first")
        case "nextitem": return index + 1 < count ? loop.items[index + 1] : .undefined("the item after the last")
        default: return nil
        }
    }

    /// `value[index]`: an entry or item first, then an attribute of that name.
    func item(_ index: Value, of value: Value) throws(TemplateError) -> Value {
        switch value {
        case .undefined(let what): throw fault("\(what) is undefined, so it has no items")
        case .map(let map):
            try charge(map.entries.count / 8)
            if let found = map.value(index) { return found }
        case .list(let list) where !list.isView:
            if let number = index.asInt {
                guard let place = place(number, in: list.items.count) else {
                    return .undefined("the list's item \(number)")
                }
                return list.items[place]
            }
        case .text(let text):
            if let number = index.asInt {
                try charge(text.bytes.count / 16)
                let offsets = text.offsets
                guard let place = place(number, in: offsets.count - 1) else {
                    return .undefined("the text's item \(number)")
                }
                return .text(text.slice(offsets[place]..<offsets[place + 1]))
            }
        default: break
        }
        if case .text(let name) = index { return try attribute(name.string, of: value) }
        return .undefined("the \(value.typeName)'s item")
    }

    private func place(_ index: Int, in count: Int) -> Int? {
        let place = index < 0 ? index + count : index
        return place >= 0 && place < count ? place : nil
    }

    /// Python's slices, with any stride but zero.
    private func slice(
        _ value: Value, _ start: (any Jinja.Expression)?, _ end: (any Jinja.Expression)?,
        _ stride: (any Jinja.Expression)?, _ isFolded: Bool
    ) throws(TemplateError) -> Value {
        do throws(TemplateError) {
            let (from, to, by) = (try bound(start), try bound(end), try bound(stride) ?? 1)
            if by == 0 { throw fault("the stride of a slice cannot be zero") }
            return try slice(value, from, to, by)
        } catch  where isFolded && error.kind == .evaluation {
            return .undefined("the slice of a constant")
        }
    }

    private func slice(_ value: Value, _ from: Int?, _ to: Int?, _ by: Int) throws(TemplateError) -> Value {
        switch value {
        case .list(let list) where !list.isView:
            let places = Self.places(from, to, by, count: list.items.count)
            try charge(places.count / 8)
            var items: [Value] = []
            for place in places { items.append(list.items[place]) }
            return try self.list(items, Self.sliced(list.form, list.items.count, from, to, by))
        case .text(let text):
            try charge(text.weight / 16)
            let offsets = text.offsets
            let places = Self.places(from, to, by, count: offsets.count - 1)
            if by == 1 {
                guard let first = places.first, let last = places.last else { return .text(text.slice(0..<0)) }
                return .text(text.slice(offsets[first]..<offsets[last + 1]))
            }
            try charge(places.count)
            var result = text.slice(0..<0)
            for place in places { result.append(text.slice(offsets[place]..<offsets[place + 1])) }
            return .text(result)
        case .undefined(let what): throw fault("\(what) is undefined, so it has no items")
        default: throw fault("a \(value.typeName) cannot be sliced")
        }
    }

    /// A part of a range is a range; of a group of `groupby`, a tuple.
    private static func sliced(
        _ form: Jinja.List.Form, _ count: Int, _ from: Int?, _ to: Int?, _ by: Int
    ) -> Jinja.List.Form {
        guard case .range(let start, _, let step) = form else { return form == .list ? .list : .tuple }
        let (low, high) = bounds(from, to, by, count: count)
        return .range(from: start &+ low &* step, to: start &+ high &* step, by: step &* by)
    }

    private func bound(_ expression: (any Jinja.Expression)?) throws(TemplateError) -> Int? {
        guard let expression else { return nil }
        let value = try evaluate(expression)
        if case .none = value { return nil }
        guard let number = value.asInt else { throw fault("a slice needs whole numbers, got \(value.typeName)") }
        return number
    }

    private static func places(_ start: Int?, _ end: Int?, _ by: Int, count: Int) -> StrideTo<Int> {
        let (from, to) = bounds(start, end, by, count: count)
        return by > 0
            ? stride(from: from, to: max(from, to), by: min(by, count + 1))
            : stride(from: from, to: min(from, to), by: max(by, -count - 1))
    }

    /// Python's `slice.indices`.
    private static func bounds(_ start: Int?, _ end: Int?, _ by: Int, count: Int) -> (from: Int, to: Int) {
        let (low, high) = by > 0 ? (0, count) : (-1, count - 1)
        func clamped(_ bound: Int) -> Int { min(max(bound < 0 ? bound + count : bound, low), high) }
        return (start.map(clamped) ?? (by > 0 ? low : high), end.map(clamped) ?? (by > 0 ? high : low))
    }

    /// The items that a `for`, a filter or a test iterates over.
    func items(of value: Value, for purpose: String) throws(TemplateError) -> [Value] {
        switch value {
        case .list(let list): return list.items
        case .iterator(let iterator): return try iterator.rest()
        case .map(let map):
            try charge(map.entries.count / 8)
            return map.entries.map(\.key)
        case .text(let text):
            try charge(text.bytes.count / 4)
            let offsets = text.offsets
            if offsets.count > limits.itemsMax { throw limit("a list longer than \(limits.itemsMax) items") }
            return zip(offsets, offsets.dropFirst()).map { .text(text.slice($0..<$1).asMarkup(false)) }
        case .undefined: return []
        default: throw fault("\(purpose) needs a list, got \(value.typeName)")
        }
    }
}

extension StrideTo where Element == Int {
    /// Number of elements; a stride knows it only by walking.
    fileprivate var count: Int { underestimatedCount }
    fileprivate var last: Int? {
        var found: Int?
        for element in self { found = element }
        return found
    }
    fileprivate var first: Int? { first { _ in true } }
}
