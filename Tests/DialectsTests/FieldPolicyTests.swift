import LlamaStackAPI
import Testing

@testable import Dialects

struct FieldPolicyTests {
    private let policy = FieldPolicy(
        withoutEffect: ["user"], refused: [.init("modalities", unless: [["text"]], "write text")])

    @Test("fields without effect and unknown ones are taken and named, in their order")
    func ignored() throws {
        #expect(
            try policy.ignored(in: ["vendor": 1, "user": "me", "modalities": ["text"], "nothing": .null]) == [
                "vendor", "user",
            ])
    }

    @Test("a field that would change the answer is refused by its name")
    func refused() {
        let error = #expect(throws: DialectError.self) { try policy.ignored(in: ["modalities": ["audio"]]) }
        #expect(error?.field == "modalities")
        #expect(error?.code == .unsupportedOption)
    }

    @Test("no field is on two lists, and none is one that its record has")
    func lists() {
        for endpoint in Dialects.all.flatMap(\.endpoints) {
            guard case .record(let record)? = endpoint.body else { continue }
            let listed = endpoint.policy.withoutEffect + endpoint.policy.refused.map(\.key)
            #expect(Set(listed).count == listed.count)
            #expect(Set(listed).isDisjoint(with: record.properties.map(\.key)))
        }
    }
}
