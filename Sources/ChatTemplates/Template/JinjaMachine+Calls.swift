extension Jinja.Machine {
    func call(_ callee: Value, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        switch callee {
        case .macro(let index): return try callMacro(index, arguments)
        case .function(let function): return try call(function, arguments)
        case .method(let method): return try callMethod(method.name, of: method.receiver, arguments)
        case .undefined(let what): throw fault("\(what) is undefined, so it cannot be called")
        default: throw fault("a \(callee.typeName) cannot be called")
        }
    }

    func callMacro(_ index: Int, _ arguments: Jinja.Arguments) throws(TemplateError) -> Value {
        try descend(2)
        defer { ascend(2) }
        let (definition, home) = macro(at: index)
        let inside = Jinja.Scope(parent: home)
        guard arguments.positional.count <= definition.parameters.count else {
            throw fault(
                "macro '\(definition.name)' takes \(definition.parameters.count) arguments, got \(arguments.positional.count)"
            )
        }
        for (name, _) in arguments.named where !definition.parameters.contains(where: { $0.text == name }) {
            throw fault(
                "macro '\(definition.name)' has no argument '\(name)'"
                    + Jinja.suggestion(for: name, among: definition.parameters.map(\.text)))
        }
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
        if definition.usesCaller, let name = callerName {
            inside.set(name, arguments.caller ?? .undefined("'caller'"))
        }
        return .text(try captured(definition.body, scope: inside))
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
                guard case .text(let name) = entry.key else { throw fault("a namespace's attribute needs a name") }
                try setAttribute(name.string, entry.value, ofNamespace: index)
            }
            for (name, value) in arguments.named { try setAttribute(name, value, ofNamespace: index) }
            return .namespace(index)
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
        if overflows || span.magnitude / by.magnitude > limits.itemsMax {
            throw limit("a range longer than \(limits.itemsMax) items")
        }
        return try list(stride(from: from, to: to, by: by).map { .int($0) })
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
