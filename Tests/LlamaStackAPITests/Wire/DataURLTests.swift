import Testing

@testable import LlamaStackAPI

/// RFC 2397, with the base64 of RFC 4648 and the escapes of RFC 3986. The values are those of Python's urllib and of
/// browsers, where these agree.
struct DataURLTests {
    @Test(
        "type, charset and bytes are read as the RFCs have them",
        arguments: [
            ("data:,A%20brief%20note", "", nil, "A brief note"), ("data:text/plain,a,b;c", "text/plain", nil, "a,b;c"),
            ("DATA:TEXT/CSV,a", "text/csv", nil, "a"), ("Data:;base64,YQ==", "", nil, "a"),
            ("data:;base64,YQ", "", nil, "a"), ("data:;base64,YWI", "", nil, "ab"),
            ("data:;base64,YWI=", "", nil, "ab"),
            ("data:;BASE64,YWJj", "", nil, "abc"), ("data:;base64,YQ%3D%3D", "", nil, "a"),
            ("data:;base64,YW%20Jj%0A", "", nil, "abc"), ("data:;base64,Pz8-Pz8_", "", nil, "??>???"),
            ("data:;base64,Pz8%2BPz8%2F", "", nil, "??>???"), ("data:;base64,", "", nil, ""), ("data:,", "", nil, ""),
            ("data:text/plain;charset=UTF-8,%C3%A9", "text/plain", "utf-8", "é"),
            ("data:;charset=utf-8;base64,w6k=", "", "utf-8", "é"),
            ("data:text/plain;charset=%22utf-8%22,a", "text/plain", "utf-8", "a"),
            ("data:text/plain;format=flowed;charset=\"utf-8\",a", "text/plain", "utf-8", "a"),
            ("data:text/plain; charset=utf-8 ; base64,YQ==", "text/plain", "utf-8", "a"),
            ("data:text/html;base64;x=y,YQ==", "text/html", nil, "YQ=="), ("data:,a+b", "", nil, "a+b"),
            ("data:,{\"text\": \"é\"}", "", nil, "{\"text\": \"é\"}"),
        ] as [(String, String, String?, String)])
    func read(_ url: String, _ type: String, _ charset: String?, _ text: String) throws {
        let data = try DataURL(url)
        #expect(data.mediaType == type && data.charset == charset)
        #expect(String(decoding: data.bytes, as: UTF8.self) == text)
    }

    @Test(
        "what is no data: URL says where",
        arguments: [
            ("data:", "there is no comma"), ("data:text/csv", "there is no comma"),
            ("data:,%7", "two hexadecimal digits"),
            ("data:,%zz", "two hexadecimal digits"), ("data:;base64,a", "its end is missing"),
            ("data:;base64,YQ=", "'=' too many"), ("data:;base64,YWI==", "'=' too many"),
            ("data:;base64,=", "'=' too many"),
            ("data:;base64,YQ==YQ==", "must be base64 after the comma, got '='"), ("data:;base64,Y@==", "got '@'"),
            ("data:,a#b", "write %23 for #"),
        ])
    func mistakes(_ url: String, _ words: String) {
        let error = #expect(throws: DataURL.Mistake.self) { try DataURL(url) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }

    @Test("every number of bytes comes back, padded or not")
    func lengths() throws {
        for count in 0..<70 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 * 37 + 200) }
            let text = Base64.text(bytes)
            #expect(try DataURL("data:;base64," + text).bytes == bytes)
            #expect(try DataURL("data:;base64," + text.filter { $0 != "=" }).bytes == bytes)
        }
    }

    @Test("the scheme may be in capitals, and is written small")
    func scheme() throws {
        #expect(try WireURL("DATA:,x").string == "data:,x")
        #expect(DataURL.isOne("dAtA:,x") && !DataURL.isOne("datum:,x") && !DataURL.isOne(""))
        #expect(!DataURL.isOne("data\u{1A},x"))
    }

    @Test("a scheme is one whatever follows it, though that may join it to one character")
    func joined() throws {
        #expect(try WireURL("DatA:\u{1ABB}h,x").string == "data:\u{1ABB}h,x")
        #expect(try WireURL("file://\u{1F3FB}").string == "file://\u{1F3FB}")
        #expect(try WireURL("https://\u{301}").string == "https://\u{301}")
    }

    @Test("a column is a word, or an object when it is nullable")
    func columns() throws {
        #expect(try DatasetColumn(json: "number", at: .root) == .number)
        #expect(
            try DatasetColumn(json: ["type": "text", "nullable": true], at: .root)
                == DatasetColumn(.text, isNullable: true))
        #expect(try DatasetColumn(json: ["type": "text"], at: .root).json == "text")
        #expect(DatasetColumn(.json, isNullable: true).json == ["type": "json", "nullable": true])
        for json in [["type": "txt"], ["nullable": true], ["type": "text", "null": true], 1, "txt", []] as [JSON] {
            #expect(throws: WireError.self) { try DatasetColumn(json: json, at: .root) }
        }
    }
}
