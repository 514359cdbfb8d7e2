extension Jinja.Machine {
    func call(_ callee: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        switch callee {
        case .macro(let index): return try callMacro(index, arguments)
        case .function(let function):
            try require(Jinja.Signature.functions[function.rawValue], arguments, function.rawValue)
            return try call(function, arguments)
        case .method(let method): return try callMethod(method.name, of: method.receiver, arguments)
        case .loop(let loop): return try callLoop(loop, arguments)
        case .counter(let counter) where counter.isJoiner:
            counter.place += 1
            return counter.place == 1 ? .text(Text()) : counter.items.items[0]
        case .undefined(let what): throw fault("\(what) is undefined, so it cannot be called")
        default: throw fault("a \(callee.typeName) cannot be called")
        }
    }

    /// `loop(items)` in a recursive loop.
    private func callLoop(_ loop: Jinja.LoopState, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        guard let recursion = loop.recursion else {
            throw fault("'loop' can be called only in a loop that is marked 'recursive'")
        }
        guard arguments.positional.count == 1, arguments.named.isEmpty else { throw fault("loop takes one list") }
        try descend(4)
        defer { ascend(4) }
        let items = try items(of: arguments.positional[0], for: "loop")
        return .text(try captured(recursion, over: items, level: loop.level + 1))
    }

    func callMacro(_ index: Int, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        try descend(2)
        defer { ascend(2) }
        let (definition, home) = macro(at: index)
        let inside = Jinja.Scope(parent: home)
        try takeExtras(of: definition, arguments, into: inside)
        let around = scope
        scope = inside
        defer { scope = around }
        for (place, parameter) in definition.parameters.enumerated() {
            if let given = arguments.get(place, parameter.text) {
                inside.set(parameter.name, given)
            } else if let fallback = parameter.fallback {
                inside.set(parameter.name, try evaluate(fallback))
            } else {
                inside.set(parameter.name, .undefined("the argument '\(parameter.text)'"))
            }
        }
        return .text(try captured(definition.body, scope: inside))
    }

    /// Handles arguments beyond the parameters: refused, or the body's `varargs`, `kwargs` and `caller`.
    private func takeExtras(
        of macro: Jinja.MacroDefinition, _ arguments: Jinja.Arguments, into inside: Jinja.Scope
    ) throws(TemplateError) {
        let names = macro.parameters.map(\.text)
        if let name = macro.extras.varargs {
            inside.set(name, try list(Array(arguments.positional.dropFirst(names.count)), .tuple))
        } else if arguments.positional.count > names.count {
            throw fault("macro '\(macro.name)' takes \(names.count) arguments, got \(arguments.positional.count)")
        }
        var others: [Jinja.Map.Entry] = []
        for (name, value) in arguments.named {
            if let place = names.firstIndex(of: name) {
                guard place >= arguments.positional.count else { throw fault("an argument given twice: '\(name)'") }
            } else if name == "caller", macro.extras.caller != nil {
                continue
            } else if macro.extras.kwargs != nil {
                others.append((.trusted(name), value))
            } else {
                throw fault(
                    "macro '\(macro.name)' has no argument '\(name.prefix(60))'"
                        + Jinja.suggestion(for: name, among: names))
            }
        }
        if let name = macro.extras.kwargs { inside.set(name, try map(others)) }
        if let name = macro.extras.caller {
            let caller = arguments.caller ?? arguments.named.first { $0.0 == "caller" }?.1
            inside.set(name, caller ?? .undefined("'caller'"))
        } else if arguments.caller != nil {
            throw fault("macro '\(macro.name)' is called with a block, but never calls its caller")
        }
    }

    private func call(_ function: Jinja.Function, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        switch function {
        case .range: return try range(arguments)
        case .dict:
            var entries = try pairs(arguments.positional.first)
            for (name, value) in arguments.named { entries.append((.trusted(name), value)) }
            return try map(entries)
        case .namespace:
            namespaces.append([])
            let index = namespaces.count - 1
            for entry in try pairs(arguments.positional.first) {
                if case .text(let name) = entry.key {
                    try setAttribute(name.string, entry.value, ofNamespace: index)
                } else {
                    try setNameless(entry.key, entry.value, ofNamespace: index)
                }
            }
            for (name, value) in arguments.named { try setAttribute(name, value, ofNamespace: index) }
            return .namespace(index)
        case .cycler:
            guard !arguments.positional.isEmpty else { throw fault("cycler needs values") }
            return .counter(Jinja.Counter(try row(arguments.positional, .list), isJoiner: false))
        case .joiner:
            let separator = arguments.get(0, "sep") ?? .trusted(", ")
            return .counter(Jinja.Counter(try row([separator], .list), isJoiner: true))
        case .raise_exception:
            let message = try shown(arguments.get(0, "message") ?? .none)
            throw TemplateError(.refused, line: line, String(message.string.prefix(1000)))
        case .strftime_now:
            guard case .text(let format)? = arguments.get(0, "format") else {
                throw fault("strftime_now needs a format")
            }
            return try text(Text(today.formatted(format.string), trusted: format.isWhollyTrusted))
        }
    }

    private func pairs(_ value: Value?) throws(TemplateError) -> [Jinja.Map.Entry] {
        guard let value else { return [] }
        if case .map(let map) = value { return map.entries }
        var entries: [Jinja.Map.Entry] = []
        if case .undefined(let what) = value { throw fault("\(what) is undefined") }
        for item in try items(of: value, for: "dict") {
            let pair = try items(of: item, for: "dict")
            guard pair.count == 2 else { throw fault("dict needs pairs, got \(pair.count) values") }
            entries.append((pair[0], pair[1]))
        }
        return entries
    }

    private func range(_ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        var bounds: [Int] = []
        for argument in arguments.positional {
            guard let number = argument.asInt else {
                throw fault("range needs whole numbers, got \(argument.typeName)")
            }
            bounds.append(number)
        }
        guard (1...3).contains(bounds.count) else { throw fault("range takes one to three numbers") }
        let (from, to) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
        let by = bounds.count == 3 ? bounds[2] : 1
        if by == 0 { throw fault("the step of a range cannot be zero") }
        let (span, overflows) = to.subtractingReportingOverflow(from)
        if overflows || (span > 0) == (by > 0) && span.magnitude / by.magnitude > limits.itemsMax {
            throw limit("a range longer than \(limits.itemsMax) items")
        }
        return try list(stride(from: from, to: to, by: by).map { .int($0) }, .range(from: from, to: to, by: by))
    }
}

extension Jinja {
    /// " (did you mean 'x'?)" for the nearest of the known names, or nothing.
    static func suggestion(for name: String, among known: some Sequence<String>) -> String {
        let wanted = Array(name.prefix(40).utf8)
        var best: (distance: Int, name: String)?
        for candidate in known {
            let distance = distance(wanted, Array(candidate.utf8))
            if distance <= max(1, wanted.count / 3), distance < best?.distance ?? .max { best = (distance, candidate) }
        }
        return best.map { " (did you mean '\($0.name)'?)" } ?? ""
    }

    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var row = Array(0...b.count)
        for (i, one) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let next = min(diagonal + (one == other ? 0 : 1), row[j] + 1, row[j + 1] + 1)
                diagonal = row[j + 1]
                row[j + 1] = next
            }
        }
        return row[b.count]
    }
}
