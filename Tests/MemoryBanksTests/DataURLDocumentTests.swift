import ProviderKit
import Testing

@testable import MemoryBanks

struct DataURLDocumentTests {
    @Test("a document that is a data: URL has the URL's bytes and type")
    func content() throws {
        let text = try NetworkFetcher.content(of: "DATA:text/html;charset=iso-8859-1;base64,Y2Fm6Q")
        #expect(text.mimeType == "text/html; charset=iso-8859-1" && Array(text.content) == [0x63, 0x61, 0x66, 0xE9])
        #expect(try NetworkFetcher.content(of: "data:,a%20b").mimeType == "text/plain")
        let error = #expect(throws: ProviderError.self) { try NetworkFetcher.content(of: "data:;base64,@") }
        #expect(error?.code == .invalidRequest && error?.message.contains("base64") == true)
    }
}
