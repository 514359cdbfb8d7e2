import Testing

@testable import Grammars

struct BeginningTests {
    private static let start = GrammarStart.after([
        .init(.beginning("{\"a"), then: .text("b}")), .init(.beginning("{\"abc"), then: .text("!")),
        .init(.text("<t>"), then: .text("x")),
    ])

    @Test(
        "a text counts as an opening where free text begins with it, and nowhere else",
        arguments: [
            ("{\"ab}", true), ("{\"a", false), ("{\"ax", false), ("{\"ab} and {\"ax", true), ("say {\"ax", true),
            ("{\"x", true), ("", true), ("{", true), ("{{\"ax", true), ("<t>x{\"ax", false), ("<t>x{\"ab}", true),
            ("{<t>y", false), ("{<t>x", true),
        ])
    func beginning(text: String, isRight: Bool) throws {
        #expect(try Grammar(Self.start).accepts(text) == isRight)
    }

    @Test("behind a control token free text goes on")
    func control() throws {
        var state = GrammarState(try Grammar(Self.start), TestVocabulary.shared)
        require(state.advance(TestVocabulary.control))
        for byte in "{\"ax".utf8 { require(state.advance(byte: byte)) }
        #expect(state.isFinal)
    }

    @Test("the longer of two beginnings is never reached")
    func shorter() throws {
        #expect(try !Grammar(Self.start).accepts("{\"abc!"))
    }
}
