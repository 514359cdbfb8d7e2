import ProviderKit

/// An answer of Brave's search as a model is given it: the first results in the order of `mixed.main`, with few keys.
struct BraveResults {
    private static let resultsMax = 3
    /// Entries of a kind that is shown as a list.
    private static let entriesMax = 5
    private static let charactersMax = 1_000

    /// The kinds of results: which keys are kept, and whether an entry of `main` is one result or all of the kind.
    private static let kinds: [String: (keys: [String], isList: Bool)] = [
        "web": (["type", "title", "url", "description", "date", "extra_snippets"], false),
        "faq": (["type", "question", "answer", "title", "url"], true),
        "infobox": (["type", "title", "url", "long_desc"], false),
        "videos": (["type", "url", "title", "description", "date"], true),
        "news": (["type", "title", "url", "description"], true),
        "locations": (
            [
                "type", "title", "url", "description", "coordinates", "postal_address", "contact", "rating", "distance",
                "zoom_level",
            ], true
        ),
    ]

    let json: JSON

    /// nil when the answer has no list of results. Entries of a kind that is not known, or that point at no result, are
    /// left out.
    init?(_ answer: JSON, query: String) {
        guard case .object(let whole) = answer else { return nil }
        var found: [JSON] = []
        switch whole["mixed"]?["main"] {
        case .array(let main)?:
            for entry in main where found.count < Self.resultsMax {
                if let result = Self.result(entry, whole) { found.append(result) }
            }
        // Nothing was found.
        case nil where whole["query"] != nil || whole["type"] == "search": break
        default: return nil
        }
        json = ["query": .string(whole["query"]?["original"]?.stringValue ?? query), "top_k": .array(found)]
    }

    private static func result(_ entry: JSON, _ answer: JSONObject) -> JSON? {
        guard let name = entry["type"]?.stringValue, let kind = kinds[name],
            case .array(let results)? = answer[name]?["results"]
        else { return nil }
        guard !kind.isList else {
            let kept = results.prefix(entriesMax).compactMap { few($0, kind.keys) }
            return kept.isEmpty ? nil : .array(kept)
        }
        guard let index = entry["index"]?.numberValue.flatMap({ Int(exactly: $0) }), results.indices.contains(index)
        else { return nil }
        return few(results[index], kind.keys)
    }

    private static func few(_ result: JSON, _ keys: [String]) -> JSON? {
        guard case .object(let members) = result else { return nil }
        var kept = JSONObject()
        for key in keys { if let value = members[key], value != .null { kept[key] = short(value) } }
        return kept.isEmpty ? nil : .object(kept)
    }

    /// The value with texts of a bounded length and lists of a bounded count, at any depth.
    private static func short(_ value: JSON) -> JSON {
        switch value {
        case .string(let text):
            return .string(text.count > charactersMax ? text.prefix(charactersMax) + "…" : text)
        case .array(let items): return .array(items.prefix(entriesMax).map(short))
        case .object(let object):
            var kept = JSONObject()
            for member in object.members.prefix(20) { kept[member.key] = short(member.value) }
            return .object(kept)
        default: return value
        }
    }
}
