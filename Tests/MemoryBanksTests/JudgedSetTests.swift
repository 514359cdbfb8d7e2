import JudgedDocuments
import Testing

struct JudgedSetTests {
    let judged: JudgedSet

    init() throws { judged = try JudgedSet() }

    @Test("the judged set has 220 documents and 93 queries, each with an id and a text of its own")
    func counts() {
        #expect(judged.documents.count == 220)
        #expect(judged.queries.count == 93)
        #expect(Set(judged.documents.map(\.id)).count == 220)
        #expect(Set(judged.documents.map(\.text)).count == 220)
        #expect(Set(judged.queries.map(\.id)).count == 93)
        #expect(Set(judged.queries.map(\.text)).count == 93)
    }

    @Test("every judgment is 1 or 2 and of a document that is there, and every query has an answer")
    func judgments() {
        let ids = Set(judged.documents.map(\.id))
        for query in judged.queries {
            #expect(query.judgments.allSatisfy { ids.contains($0.key) && (1...2).contains($0.value) }, "\(query)")
            #expect(!query.answers.isEmpty, "\(query)")
        }
    }

    @Test("44 of the 93 queries, more than a third, share no content word with their answers")
    func sharesNoWord() {
        #expect(judged.queries.filter(judged.sharesNoWord).count == 44)
    }

    @Test(
        "words that begin alike count as shared, others do not",
        arguments: [
            ("steal", "stealing", true), ("cat", "cats", true), ("baking", "bake", false), ("bulb", "lamp", false),
        ])
    func shared(_ one: String, _ other: String, _ isShared: Bool) {
        #expect(JudgedSet.isShared(one, other) == isShared)
        #expect(JudgedSet.isShared(other, one) == isShared)
    }
}
