import LlamaStackAPI

/// `${env.NAME}`, `${env.NAME:=default}`, `${env.NAME:+value}` in the values of a distribution.
struct EnvironmentReferences {
    let environment: [String: String]
    let diagnostics: Diagnostics

    /// A list item in which one of these comes out empty is left out: `provider_id: ${env.KEY:+openai}`.
    static let identifyingKeys = ["provider_id"] + ResourceKind.all.map(\.idKey)
    static let valueBytesMax = ManifestLimits.scalarBytesMax

    func resolve(_ node: YAMLNode) -> YAMLNode { resolve(node, isSecret: false) }

    private func resolve(_ node: YAMLNode, isSecret: Bool) -> YAMLNode {
        var node = node
        switch node.content {
        case .scalar(let scalar): node.content = .scalar(resolve(scalar, node.position, isSecret))
        case .sequence(let items):
            node.content = .sequence(
                items.compactMap { isLeftOut($0) ? nil : resolve($0, isSecret: isSecret) })
        case .mapping(let members):
            node.content = .mapping(
                members.map { member in
                    var member = member
                    member.value = resolve(member.value, isSecret: isSecret || Secrets.isSecret(key: member.key))
                    return member
                })
        }
        return node
    }

    /// Decided by the id alone, so that what else the item refers to need not be set.
    private func isLeftOut(_ item: YAMLNode) -> Bool {
        for key in Self.identifyingKeys {
            guard let id = item[key], case .scalar(let scalar) = id.content, scalar.text.contains("${env.") else {
                continue
            }
            var quiet = Outcome()
            if let text = substitute(scalar.text, &quiet), text.isEmpty, quiet.problem == nil { return true }
        }
        return false
    }

    private func resolve(_ scalar: YAMLScalar, _ position: Position, _ isSecret: Bool) -> YAMLScalar {
        var scalar = scalar
        scalar.isSecret = scalar.isSecret || isSecret
        guard scalar.text.contains("${env.") else { return scalar }
        var outcome = Outcome()
        let text = substitute(scalar.text, &outcome) ?? ""
        if let problem = outcome.problem {
            diagnostics.add(position, problem.code, problem.message, hint: problem.hint)
            // A stand-in of no type: whoever reads it must not complain a second time.
            scalar.isUnresolved = true
        }
        scalar.isSecret = scalar.isSecret || outcome.usedEnvironment
        // Typed only when the reference is the whole scalar.
        scalar.isPlain = scalar.isPlain && outcome.isWhole
        scalar.text = text
        return scalar
    }

    private struct Problem {
        var code: String
        var message: String
        var hint: String?
    }

    private struct Outcome {
        var problem: Problem?
        var usedEnvironment = false
        var isWhole = false
    }

    private func substitute(_ text: String, _ outcome: inout Outcome) -> String? {
        var out = ""
        var rest = text[...]
        while let start = rest.firstRange(of: "${env.") {
            out += rest[..<start.lowerBound]
            let tail = rest[start.upperBound...]
            guard let end = tail.firstIndex(of: "}") else {
                outcome.problem = Problem(
                    code: "bad_reference",
                    message: "\(Quote.short(String(rest[start.lowerBound...]))) has no closing '}'")
                return nil
            }
            guard let value = value(of: String(tail[..<end]), &outcome) else { return nil }
            out += value
            guard out.utf8.count <= Self.valueBytesMax else {
                outcome.problem = Problem(
                    code: "too_long", message: "the value is longer than \(Self.valueBytesMax) bytes")
                return nil
            }
            outcome.isWhole = start.lowerBound == text.startIndex && tail.index(after: end) == text.endIndex
            rest = tail[tail.index(after: end)...]
        }
        return out + rest
    }

    /// - Parameter reference: what stands between `${env.` and `}`.
    private func value(of reference: String, _ outcome: inout Outcome) -> String? {
        let name = String(reference.prefix { $0 != ":" })
        let rest = reference.dropFirst(name.count)
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
            name.utf8.allSatisfy(Self.isNameByte)
        else {
            outcome.problem = Problem(
                code: "bad_reference", message: "\(Quote.short("${env." + reference + "}")) has no valid variable name",
                hint: "a name has letters, digits and underscores")
            return nil
        }
        let value = environment[name].flatMap { $0.isEmpty ? nil : $0 }
        if rest.isEmpty {
            guard let value else {
                let state = environment[name] == nil ? "is not set" : "is empty"
                outcome.problem = Problem(
                    code: "unset_variable", message: "the environment variable \(name) \(state)",
                    hint: "set it, or give a default: ${env.\(name):=default}")
                return nil
            }
            outcome.usedEnvironment = true
            return value
        }
        if rest.hasPrefix(":=") || rest.hasPrefix(":+") {
            let word = String(rest.dropFirst(2))
            guard !word.contains("${") else {
                outcome.problem = Problem(
                    code: "bad_reference",
                    message: "\(Quote.short("${env." + reference)) has a reference inside a reference")
                return nil
            }
            if rest.hasPrefix(":+") { return value == nil ? "" : word }
            if value != nil { outcome.usedEnvironment = true }
            return value ?? word
        }
        outcome.problem = Problem(
            code: "bad_reference", message: "\(Quote.short("${env." + reference + "}")) is not understood",
            hint: "there are ${env.NAME}, ${env.NAME:=default} and ${env.NAME:+value}")
        return nil
    }

    private static func isNameByte(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}

/// Keys whose values are never printed.
enum Secrets {
    static func isSecret(key: String) -> Bool {
        let key = key.lowercased().replacing("-", with: "_")
        return ["password", "passwd", "secret", "token", "credential", "credentials", "authorization"].contains {
            key == $0 || key.hasSuffix("_" + $0)
        } || key == "api_key" || key == "apikey" || key.hasSuffix("_key")
    }
}
