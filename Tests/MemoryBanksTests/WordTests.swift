import BankFixtures
import Foundation
import Host
import MemoryBanks
import ProviderKit
import Testing
import Torture

@Suite(.timeLimit(.minutes(10)))
struct WordTests {
    /// A document's text, and a query that a reader of it would type.
    private static let pairs: [(text: String, query: String)] = [
        ("我们的数据库每天备份。", "数据库"), ("我们的数据库每天备份。", "备份数据"), ("我家的猫很可爱", "猫"),
        ("私たちはデータベースを毎日バックアップします。", "データベース"), ("東京都に住んでいます", "東京"),
        ("ﾃﾞｰﾀを保存する", "データ"), ("เราสำรองฐานข้อมูลทุกวัน", "ฐานข้อมูล"), ("น้ำตาลทราย", "น้ำตาล"),
        ("ភាសាខ្មែរជាភាសារបស់កម្ពុជា", "កម្ពុជា"), ("ພາສາລາວເປັນພາສາ", "ພາສາ"), ("မြန်မာဘာသာစကား", "ဘာသာ"),
        ("데이터베이스를 매일 백업합니다.", "데이터베이스"), ("데이터베이스 백업", "데이터베이스에서"), ("책을 읽다", "책"),
        ("관계형데이터베이스는 빠르다", "데이터베이스"), ("API를 호출한다", "api"), ("iPhone手机的价格", "iphone 手机"),
        ("Die Hauptstraße", "HAUPTSTRASSE"), ("hauptstrasse", "Hauptstraße"), ("ẞ GROẞ", "groß"),
        ("eﬃcient ﬁles", "efficient files"),
        ("ёлка", "Елка"), ("елка", "ЁЛКА"), ("ＡＢＣ１２３", "abc123"), ("abc123", "ＡＢＣ１２３"), ("کِتابٌ مُفيدٌ", "کتاب"),
        ("العربيّة", "العربية"), ("أحمد", "احمد"), ("كتـــاب", "كتاب"), ("שָׁלוֹם", "שלום"),
        ("co\u{AD}operate", "cooperate"),
        ("cooperate", "co\u{AD}oper\u{2060}ate"), ("می\u{200C}خواهم", "میخواهم"), ("naïve café", "naive cafe"),
        ("cafe\u{301}", "café"), ("Łódź", "lodz"), ("Ærøskøbing", "aeroskobing"), ("Ὀδυσσεύς", "ΟΔΥΣΣΕΥΣ"),
        ("İstanbul", "istanbul"), ("ISTANBUL", "ıstanbul"), ("x² + ½", "x2"),
        ("٣٤٥ درهم", "345"), ("हिन्दी भाषा", "हिन्दी"),
        ("мой йогурт", "йогурт"), ("ガラス", "カ\u{3099}ラス"), ("5㎏", "5kg"), ("葛\u{E0100}城市", "葛城市"),
    ]

    @Test(
        "a text is found by its words in any script and by any spelling that its readers hold for the same",
        arguments: BankKind.allCases)
    func found(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create(
                "bank", Self.pairs.indices.map { text("\($0)", Self.pairs[$0].text) })
            _ = try await server.indexed("bank")
            for (index, pair) in Self.pairs.enumerated() {
                let request = MemoryBankQueryRequest(
                    bankUUIDs: ["bank"], query: .text(pair.query), mode: .keyword, topK: 50)
                let found = try await server.query(request).chunks.map(\.documentUUID)
                #expect(found.contains("\(index)"), "\(pair)")
            }
        }
    }

    @Test(
        "letters that differ by a mark of their own are different words", arguments: BankKind.allCases,
        [("мои", "мой"), ("カキ", "ガギ"), ("कि", "की"), ("ราม", "รูม"), ("가", "각")])
    func apart(_ kind: BankKind, _ pair: (String, String)) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", pair.0)])
            _ = try await server.indexed("bank")
            let request = MemoryBankQueryRequest(bankUUIDs: ["bank"], query: .text(pair.1), mode: .keyword)
            #expect(try await server.query(request).chunks.isEmpty)
        }
    }

    @Test("every format of normalization of a text has the same words, and so has every case")
    func formats() {
        for text in Self.pairs.flatMap({ [$0.text, $0.query] }) {
            let words = Words.indexed(text)
            for format in [
                text.decomposedStringWithCanonicalMapping, text.precomposedStringWithCanonicalMapping,
                text.decomposedStringWithCompatibilityMapping, text.precomposedStringWithCompatibilityMapping,
                text.uppercased(), text.lowercased(),
            ] { #expect(Words.indexed(format) == words, "\(text) \(format)") }
        }
    }

    @Test("texts without spaces are cut by a dictionary, and by pairs")
    func dictionary() {
        #expect(Words.asked("我的猫在哪里", countMax: 20) == ["的猫", "猫在", "猫"])
        #expect(Words.indexed("ข้อมูล").contains("ข้อมูล"))
        #expect(Words.indexed("数据") == ["数", "据", "数据", "数据"])
        #expect(Words.asked("数据库", countMax: 20).prefix(2) == ["数据", "据库"])
    }

    @Test(
        "stop words are left out where there are others",
        arguments: [
            ("What is the difference between apt and apt-get?", ["difference", "apt", "get"]),
            ("to be or not to be", ["to", "be", "or", "not"]), ("Wie groß ist die Datenbank?", ["gross", "datenbank"]),
            ("où sont les fichiers du serveur", ["fichiers", "serveur"]), ("die casting", ["die", "casting"]),
            ("vitamin d", ["vitamin", "d"]), ("как узнать размер базы", ["узнать", "размер", "базы"]), ("?!", []),
            ("", []),
        ])
    func stopWords(_ query: String, _ words: [String]) {
        #expect(Words.asked(query, countMax: 20) == words)
    }

    @Test("a text counts as plain only when its letters are those of ASCII with Latin-1's marks")
    func plain() {
        for text in ["plain", "naïve – “café” …", "a\u{A0}b·c"] { #expect(Words.isPlain(text), "\(text)") }
        for text in ["straße", "œuvre", "ё", "cafe\u{301}", "5µm", "x²", "co\u{AD}op", "ø"] {
            #expect(!Words.isPlain(text), "\(text)")
        }
    }

    @Test(
        "of a query with more than 64 different words the rarest count", arguments: BankKind.allCases, [65, 200, 1_000])
    func longQuery(_ kind: BankKind, _ count: Int) async throws {
        try await kind.withServer { server, _ in
            let others = (1..<count).map { "other\($0)" }.joined(separator: " ")
            try await server.create("bank", [text("cat", "a cat"), text("o1", "other1"), text("o2", "other1 other2")])
            _ = try await server.indexed("bank")
            let request = MemoryBankQueryRequest(
                bankUUIDs: ["bank"], query: .text(others + " cat"), mode: .keyword)
            #expect(try await Set(server.query(request).chunks.map(\.documentUUID)) == ["cat", "o1", "o2"])
        }
    }

    @Test("what is in another bank changes neither the order nor the scores of this one", arguments: BankKind.allCases)
    func otherBanks(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            let documents = [
                text("1", "apples and pears and plums"), text("2", "apples apples"), text("3", "pears by the road"),
                text("4", "plums"), text("5", "nothing of all that"),
            ]
            let request = { (banks: [String]) in
                MemoryBankQueryRequest(bankUUIDs: banks, query: "apples pears", mode: .keyword, topK: 100)
            }
            try await server.create("a", documents)
            _ = try await server.indexed("a")
            let before = try await server.query(request(["a"])).chunks
            #expect(before.count == 3)
            try await server.create(
                "b", (0..<60).map { text("b\($0)", "apples \($0) and a long text that says no more") })
            _ = try await server.indexed("b")
            let alone = try await server.query(request(["a"])).chunks
            #expect(alone == before)
            let together = try await server.query(request(["a", "b"])).chunks.filter { $0.bankUUID == "a" }
            #expect(together == before)
            _ = try await server.delete(["b1", "b2"], "b")
            #expect(try await server.query(request(["a"])).chunks == before)
        }
    }

    @Test("a query without words is empty by words, and an empty one is refused", arguments: BankKind.allCases)
    func noWords(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            try await server.create("bank", [text("1", "llama?!")])
            _ = try await server.indexed("bank")
            for query in ["?!", " ", "—", "🙂", "\u{AD}"] {
                let answer = try await server.query(
                    MemoryBankQueryRequest(bankUUIDs: ["bank"], query: .text(query), mode: .keyword))
                #expect(answer == MemoryBankQueryResponse(mode: .keyword, chunks: []), "\(query)")
            }
            let error = await refusal {
                _ = try await server.query(MemoryBankQueryRequest(bankUUIDs: ["bank"], query: ""))
            }
            #expect(error?.code == .invalidRequest)
            #expect(error?.field == "query")
        }
    }

    @Test(
        "a best chunk beyond the budget is cut to the sentences around what was asked, and says so",
        arguments: BankKind.allCases)
    func truncated(_ kind: BankKind) async throws {
        try await kind.withServer { server, _ in
            let story =
                "Once there was a hill. On it stood an oak. A heron lived there. It ate the fish of the lake. The end."
            try await server.create("bank", [text("1", story), text("2", "heron")])
            _ = try await server.indexed("bank")
            func found(_ query: String, _ tokensMax: Int) async throws -> MemoryBankChunk? {
                let request = MemoryBankQueryRequest(
                    bankUUIDs: ["bank"], query: .text(query), mode: .keyword, tokensMax: tokensMax)
                return try await server.query(request).chunks.first
            }
            let some = try #require(try await found("fish lake", 12))
            #expect(some.text == "It ate the fish of the lake. The end.")
            #expect(some.isTruncated == true)
            #expect(some.tokenCount <= 12)
            #expect(Array(story.utf8)[some.start..<some.end].elementsEqual(some.text.utf8))
            let few = try #require(try await found("fish lake", 3))
            #expect(few.text == "It ate the")
            #expect(few.isTruncated == true)
            let whole = try #require(try await found("fish lake", 100))
            #expect(whole.text == story)
            #expect(whole.isTruncated == nil)
        }
    }
}
