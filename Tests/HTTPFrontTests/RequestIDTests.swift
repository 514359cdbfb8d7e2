import Testing

@testable import HTTPFront

/// The ids that requests and answers get.
struct RequestIDTests {
    @Test("no two ids are alike, and each is its prefix and 16 digits")
    func unique() throws {
        let ids = (0..<100_000).map { _ in RequestID.make() }
        #expect(Set(ids).count == ids.count)
        #expect(ids.allSatisfy { $0.wholeMatch(of: /req_[0-9a-f]{16}/) != nil })
        #expect(RequestID.unique("chatcmpl-").wholeMatch(of: /chatcmpl-[0-9a-f]{16}/) != nil)
    }
}
