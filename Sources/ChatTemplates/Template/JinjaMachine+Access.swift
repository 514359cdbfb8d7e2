extension Jinja.Machine {
    func step(_ step: Jinja.Step, on value: Value) throws(TemplateError) -> Value {
        try charge(1)
        switch step {
        case .attribute(let name): return try attribute(name, of: value)
        case .item(let index): return try item(index, value)
        case .slice(let start, let end, let stride): return try slice(value, start, end, stride)
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
        return arguments
    }

    /// `value.name`: a method or attribute first, then an entry of a dict.
    func attribute(_ name: String, of value: Value) throws(TemplateError) -> Value {
        switch value {
        case .undefined(let what): throw fault("\(what) is undefined, so it has no '\(name)'")
        case .map(let map):
            if Jinja.Methods.ofMap.contains(name) { return .method(Jinja.Method(receiver: value, name: name)) }
            try charge(map.entries.count / 8)
            if let found = map.value(name) { return found }
        case .text:
            if Jinja.Methods.ofText.contains(name) { return .method(Jinja.Method(receiver: value, name: name)) }
        case .list:
            if Jinja.Methods.ofList.contains(name) { return try method(name, of: value) }
        case .namespace(let index):
            try charge(namespaces[index].count / 16)
            if let found = namespaces[index].first(where: { $0.name == name }) { return found.value }
        case .loop(let loop): if let found = try attribute(name, of: loop) { return found }
        case .macro(let index): if name == "name" { return .trusted(macro(at: index).definition.name) }
        default: break
        }
        return .undefined("the \(value.typeName)'s '\(name)'")
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
        case "depth": return .int(1)
        case "depth0": return .int(0)
        case "previtem": return index > 0 ? loop.items[index - 1] : .undefined("the item before the first")
        case "nextitem": return index + 1 < count ? loop.items[index + 1] : .undefined("the item after the last")
        case "cycle", "changed": return try method(name, of: .loop(loop))
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
        case .list(let list):
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
        _ stride: (any Jinja.Expression)?
    ) throws(TemplateError) -> Value {
        let (from, to, by) = (try bound(start), try bound(end), try bound(stride) ?? 1)
        if by == 0 { throw fault("the stride of a slice cannot be zero") }
        switch value {
        case .list(let list):
            let places = Self.places(from, to, by, count: list.items.count)
            try charge(places.count / 8)
            var items: [Value] = []
            for place in places { items.append(list.items[place]) }
            return try self.list(items, isTuple: list.isTuple)
        case .text(let text):
            try charge(text.weight / 16)
            let offsets = text.offsets
            let places = Self.places(from, to, by, count: offsets.count - 1)
            if by == 1 {
                guard let first = places.first, let last = places.last else { return .text(Text()) }
                return .text(text.slice(offsets[first]..<offsets[last + 1]))
            }
            try charge(places.count)
            var result = Text()
            for place in places { result.append(text.slice(offsets[place]..<offsets[place + 1])) }
            return .text(result)
        case .undefined(let what): throw fault("\(what) is undefined, so it has no items")
        default: throw fault("a \(value.typeName) cannot be sliced")
        }
    }

    private func bound(_ expression: (any Jinja.Expression)?) throws(TemplateError) -> Int? {
        guard let expression else { return nil }
        let value = try evaluate(expression)
        if case .none = value { return nil }
        guard let number = value.asInt else { throw fault("a slice needs whole numbers, got \(value.typeName)") }
        return number
    }

    private static func places(_ start: Int?, _ end: Int?, _ by: Int, count: Int) -> StrideTo<Int> {
        func clamped(_ bound: Int, _ low: Int, _ high: Int) -> Int {
            min(max(bound < 0 ? bound + count : bound, low), high)
        }
        if by > 0 {
            let (from, to) = (start.map { clamped($0, 0, count) } ?? 0, end.map { clamped($0, 0, count) } ?? count)
            return stride(from: from, to: max(from, to), by: min(by, count + 1))
        }
        let from = start.map { clamped($0, -1, count - 1) } ?? count - 1
        let to = end.map { clamped($0, -1, count - 1) } ?? -1
        return stride(from: from, to: min(from, to), by: max(by, -count - 1))
    }

    /// What a `for`, a filter or a test walks over.
    func items(of value: Value, for purpose: String) throws(TemplateError) -> [Value] {
        switch value {
        case .list(let list): return list.items
        case .map(let map):
            try charge(map.entries.count / 8)
            return map.entries.map(\.key)
        case .text(let text):
            try charge(text.bytes.count / 4)
            let offsets = text.offsets
            if offsets.count > limits.itemsMax { throw limit("a list longer than \(limits.itemsMax) items") }
            return zip(offsets, offsets.dropFirst()).map { .text(text.slice($0..<$1)) }
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
