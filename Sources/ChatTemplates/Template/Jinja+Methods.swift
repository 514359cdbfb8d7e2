extension Jinja {
    enum Methods {
        private static let none: [String: Signature] = [:]
        private static let ofDict = ["fromkeys": Signature("*")]
        private static let changingMap: Swift.Set<String> = ["clear", "pop", "popitem", "setdefault", "update"]
        private static let changingList: Swift.Set<String> = [
            "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort",
        ]

        /// The methods that a value has.
        static func of(_ value: Value) -> [String: Signature] {
            switch value {
            case .text: Signature.ofText
            case .map: Signature.ofMap
            case .list(let list): list.isView ? none : Signature.ofList
            case .loop: Signature.ofLoop
            case .counter(let counter): counter.isJoiner ? none : Signature.ofCounter
            case .function(.dict): ofDict
            case .int, .wide, .bool, .double: Signature.ofNumber
            default: none
            }
        }

        /// Names of those that would change it, which the sandbox keeps from templates.
        static func isChanging(_ name: String, _ value: Value) -> Bool {
            switch value {
            case .map: changingMap.contains(name)
            case .list(let list): list.form == .list && changingList.contains(name)
            default: false
            }
        }
    }
}

extension Jinja.Machine {
    func callMethod(_ name: String, of receiver: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        switch receiver {
        case .text(let text):
            try require(Jinja.Signature.ofText[name], arguments, name)
            try charge(1 + text.weight / 16)
            return try self.text(name, text, arguments)
        case .map(let map):
            try require(Jinja.Signature.ofMap[name], arguments, name)
            return try callMethod(name, of: map, arguments)
        case .function: return try fromKeys(arguments)
        case .list(let list):
            try require(Jinja.Signature.ofList[name], arguments, name)
            return try callMethod(name, of: list, arguments)
        case .loop(let loop):
            guard arguments.named.isEmpty else { throw fault("loop.\(name) takes values without names") }
            return try callMethod(name, of: loop, arguments.positional)
        case .counter(let counter):
            try require(Jinja.Signature.ofCounter[name], arguments, name)
            let current = counter.items.items[counter.place]
            counter.place = name == "reset" ? 0 : (counter.place + 1) % counter.items.items.count
            return name == "reset" ? .none : current
        default:
            try require(Jinja.Signature.ofNumber[name], arguments, name)
            return try callMethod(name, ofNumber: receiver)
        }
    }

    private func callMethod(
        _ name: String, of loop: Jinja.LoopState, _ values: [Value]
    ) throws(TemplateError) -> Value {
        if name == "cycle" {
            guard !values.isEmpty else { throw fault("loop.cycle needs values") }
            return values[loop.index % values.count]
        }
        // A loop that held itself would never be freed.
        for value in values { try requirePlain(value) }
        var isSame = loop.lastChanged?.count == values.count
        for (one, other) in zip(loop.lastChanged ?? [], values) where isSame { isSame = try isEqual(one, other) }
        loop.lastChanged = values
        return .bool(!isSame)
    }

    /// Text, a number, or lists and dicts of them.
    private func requirePlain(_ value: Value) throws(TemplateError) {
        try charge(1)
        switch value {
        case .undefined, .none, .bool, .int, .wide, .double, .text: break
        case .list(let list): for item in list.items { try requirePlain(item) }
        case .map(let map):
            // Keys hold no more than plain values.
            for entry in map.entries { try requirePlain(entry.value) }
        default: throw fault("loop.changed takes texts, numbers, lists and dicts only, got \(value.typeName)")
        }
    }

    private func callMethod(_ name: String, ofNumber value: Value) throws(TemplateError) -> Value {
        if case .double(let number) = value {
            switch name {
            case "conjugate": return value
            case "is_integer": return .bool(number == number.rounded() && number.isFinite)
            default: throw fault("a float's '\(name)' is not part of chat templates")
            }
        }
        guard let number = value.asInt else { throw fault("a \(value.typeName) has no method '\(name)'") }
        switch name {
        case "conjugate": return .int(number)
        case "bit_length": return .int(Int.bitWidth - number.magnitude.leadingZeroBitCount)
        case "bit_count": return .int(number.magnitude.nonzeroBitCount)
        case "as_integer_ratio": return try list([.int(number), .int(1)], .tuple)
        default: throw fault("an int has no method '\(name)'")
        }
    }

    private func fromKeys(_ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        try require(Jinja.Signature.ofMap["fromkeys"], arguments, "fromkeys")
        let value = arguments.get(1, "value") ?? .none
        return try map(try items(of: arguments.get(0, "iterable") ?? .none, for: "fromkeys").map { ($0, value) })
    }

    private func callMethod(
        _ name: String, of map: Jinja.Map, _ arguments: Jinja.Arguments
    ) throws(TemplateError) -> Value {
        try charge(map.entries.count / 8)
        switch name {
        case "items": return try list(try pairs(of: map), .view(name))
        case "keys": return try list(map.entries.map(\.key), .view(name))
        case "values": return try list(map.entries.map(\.value), .view(name))
        case "copy": return .map(map)
        case "fromkeys": return try fromKeys(arguments)
        default:
            let key = arguments.get(0, "key") ?? .none
            try requireHashable(key)
            return map.value(key) ?? arguments.get(1, "default") ?? .none
        }
    }

    /// The entries of a dict as tuples.
    func pairs(of map: Jinja.Map) throws(TemplateError) -> [Value] {
        var pairs: [Value] = []
        for entry in map.entries { pairs.append(try list([entry.key, entry.value], .tuple)) }
        return pairs
    }

    private func callMethod(
        _ name: String, of items: Jinja.List, _ arguments: Jinja.Arguments
    ) throws(TemplateError) -> Value {
        guard let wanted = arguments.get(0, "value") else {
            guard items.form == .list else { throw fault("a \(Value.list(items).typeName) has no method '\(name)'") }
            return .list(items)
        }
        if name == "index", case .range = items.form, arguments.positional.count > 1 {
            throw fault("a range's index takes no bounds")
        }
        let range = try bounds(arguments, count: items.items.count)
        var count = 0
        for place in range {
            try charge(1)
            guard try isEqual(items.items[place], wanted) else { continue }
            if name == "index" { return .int(place) }
            count += 1
        }
        if name == "index" { throw fault("the list does not hold that value") }
        return .int(count)
    }

    /// The second and third argument as a part of `count` items, as Python cuts it; empty where the start lies behind.
    func bounds(_ arguments: Jinja.Arguments, count: Int) throws(TemplateError) -> Range<Int> {
        func bound(_ place: Int, _ fallback: Int) throws(TemplateError) -> Int {
            switch arguments.get(place, "") {
            case nil, .some(.none): return fallback
            case let given?:
                guard let number = given.asInt else {
                    throw fault("a bound is a whole number, got \(given.typeName)")
                }
                return min(max(number < 0 ? number + count : number, 0), count)
            }
        }
        let (from, to) = (try bound(1, 0), try bound(2, count))
        return from..<max(from, to)
    }
}
