import Testing

@testable import LlamaStackAPI

@Suite struct SpellingTests {
    static let keys = [
        "provider_id", "provider_type", "port", "host", "aliases", "path", "connections_max", "model_id", "optional",
    ]

    /// What is written → what is suggested; nil: nothing.
    static let table: [(word: String, meant: String?)] = [
        ("prot", "port"), ("psot", nil), ("provder_id", "provider_id"), ("porvider_id", "provider_id"),
        ("type", "provider_type"), ("alias", "aliases"), ("provider", "provider_id"), ("modelid", "model_id"),
        ("ModelID", "model_id"), ("model-id", "model_id"), ("PORT", "port"), ("max_connections", "connections_max"),
        ("maxConnections", "connections_max"), ("option", "optional"), ("hostname", "host"), ("ports", "port"),
        ("colour", nil), ("x", nil), ("", nil), ("id", "model_id"), ("p", nil), ("a", nil), ("pa", nil),
    ]

    @Test("a close miss is suggested, and nothing else is", arguments: table.indices)
    func closest(_ index: Int) {
        let (word, meant) = Self.table[index]
        #expect(Spelling.closest(to: word, in: Self.keys) == meant, "\(word)")
    }

    @Test("two letters in each other's place are one edit")
    func distance() {
        #expect(Spelling.distance("prot", "port") == 1)
        #expect(Spelling.distance("ab", "ba") == 1)
        #expect(Spelling.distance("kitten", "sitting") == 3)
        #expect(Spelling.distance("", "abc") == 3)
        #expect(Spelling.distance(String(repeating: "a", count: 65), "a") == .max)
    }
}
