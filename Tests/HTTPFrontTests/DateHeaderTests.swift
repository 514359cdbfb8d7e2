import Foundation
import Testing

@testable import HTTPFront

/// The header `Date` of answers.
struct DateHeaderTests {
    @Test(
        "a date is written as RFC 9110 has it",
        arguments: [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
            (951_782_399, "Mon, 28 Feb 2000 23:59:59 GMT"), (4_102_444_800, "Fri, 01 Jan 2100 00:00:00 GMT"),
        ])
    func text(second: Int, text: String) { #expect(DateHeader.text(second) == text) }

    @Test("every answer has the time at which it was written")
    func answers() async throws {
        try await withFront { front in
            let before = Int(Date.now.timeIntervalSince1970)
            let date = try #require(try await front.ask("GET", "/health/live")["Date"])
            let after = Int(Date.now.timeIntervalSince1970)
            #expect((before...after).map { DateHeader.text($0) }.contains(date))
        }
    }
}
