import Foundation
import ModelFixtures

@testable import Tokenizers

/// The committed texts, small vocabularies and reference ids (`Scripts/reference/tokenizer.py` writes them).
extension Fixture {
    static let folder = repository.appending(path: "Tests/Fixtures/tokenizer")

    static func read<T: Decodable>(_ name: String, as type: T.Type = T.self) throws -> T {
        try JSONDecoder().decode(T.self, from: Data(contentsOf: folder.appending(path: name)))
    }

    static func texts() throws -> [String] { try read("texts.json") }
}

/// What one reference tokeniser answered.
struct Reference: Decodable {
    struct Template: Decodable {
        var text: String
        var ids: [Int32]
    }

    struct Vocabulary: Decodable {
        var model: String
        var pre: String?
        var tokens: [String]
        var types: [Int32]
        var merges: [String]?
        var scores: [Float]?
        var bos: Int?
        var eos: Int?
        var unknown: Int?
        var spacePrefix: Bool?

        var source: VocabularySource<StringList> {
            var source = VocabularySource(model: model, tokens: StringList(tokens))
            source.pre = pre
            source.types = types
            source.merges = merges.map { StringList($0) }
            source.scores = scores
            source.bosID = bos
            source.eosID = eos
            source.unknownID = unknown
            source.addsSpacePrefix = spacePrefix
            return source
        }
    }

    /// For each of `Fixture.texts`, as a user's text.
    var ids: [[Int32]]
    /// Texts in which control tokens are meant.
    var templates: [Template]
    var vocabulary: Vocabulary?
}

/// Strings in memory in the place of a mapped file's.
struct StringList: ByteStrings, ExpressibleByArrayLiteral {
    var strings: [[UInt8]]

    init(_ strings: [String]) { self.strings = strings.map { Array($0.utf8) } }
    init(arrayLiteral elements: String...) { self.init(elements) }

    var count: Int { strings.count }

    func withBytes<R>(_ index: Int, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R {
        try strings[index].withUnsafeBufferPointer(body)
    }
}
