import LlamaStackAPI

/// Puts values from the environment into a distribution: `${env.NAME}` and its like, by ``ReferenceText``.
struct EnvironmentReferences {
    let environment: [String: String]
    let diagnostics: Diagnostics

    /// A list item in which one of these comes out empty is left out: `provider_id: ${env.KEY:+openai}`.
    static let identifyingKeys = ["provider_id"] + ResourceKind.all.map(\.idKey)

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
            guard let id = item[key], case .scalar(let scalar) = id.content, scalar.text.contains("${") else {
                continue
            }
            if let text = try? ReferenceText(scalar.text, environment, isSecret: false).text, text.isEmpty {
                return true
            }
        }
        return false
    }

    private func resolve(_ scalar: YAMLScalar, _ position: Position, _ isSecret: Bool) -> YAMLScalar {
        var scalar = scalar
        scalar.isSecret = scalar.isSecret || isSecret
        guard scalar.text.contains("$") else { return scalar }
        if let warning = ShellVariable.warning(about: scalar) {
            diagnostics.warn(position, "not_a_reference", warning.message, hint: warning.hint)
        }
        guard scalar.text.contains("${") else { return scalar }
        do throws(ReferenceText.Problem) {
            let result = try ReferenceText(scalar.text, environment, isSecret: scalar.isSecret)
            scalar.isSecret = scalar.isSecret || result.usedEnvironment
            // Typed only when the reference is the whole scalar: then quotation marks change nothing, since in `{ }` a
            // reference can't do without them.
            scalar.isReference = result.isWhole && !scalar.isTaggedString
            scalar.isPlain = scalar.isReference
            scalar.text = result.text
        } catch {
            diagnostics.add(position, error.code, error.message, hint: error.hint)
            // A placeholder without a type, so that it is not reported a second time when it is read.
            scalar.isUnresolved = true
            scalar.text = ""
        }
        return scalar
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
