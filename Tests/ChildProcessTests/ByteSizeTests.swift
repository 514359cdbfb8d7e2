import Foundation
import Testing

@testable import ChildProcess

@Suite struct ByteSizeTests {
    @Test(arguments: [
        ("2GiB", 2 << 30), ("512MiB", 512 << 20), ("1500MB", 1_500_000_000), ("4096B", 4096), ("0KiB", 0),
        ("1TB", 1_000_000_000_000),
    ])
    func `a size is a whole number and a unit`(text: String, bytes: Int) throws {
        #expect(try ByteSize.parse(text) == bytes)
    }

    @Test(arguments: [
        ("", "wanted a whole number and a unit, such as 512MiB or 2GiB"),
        ("GiB", "wanted a whole number and a unit, such as 512MiB or 2GiB"),
        ("-1GiB", "wanted a whole number and a unit, such as 512MiB or 2GiB"),
        ("02GiB", "wanted a whole number and a unit, such as 512MiB or 2GiB"),
        ("\u{0662}GiB", "wanted a whole number and a unit, such as 512MiB or 2GiB"),
        ("2", "has no unit: wanted one of B, KiB, MiB, GiB, TiB, KB, MB, GB, TB"),
        ("2gib", "has an unknown unit (did you mean '2GiB'?): wanted one of B, KiB, MiB, GiB, TiB, KB, MB, GB, TB"),
        ("2G", "has an unknown unit: wanted one of B, KiB, MiB, GiB, TiB, KB, MB, GB, TB"),
        ("1.5GiB", "has an unknown unit: wanted one of B, KiB, MiB, GiB, TiB, KB, MB, GB, TB"),
        ("2 GiB", "has an unknown unit: wanted one of B, KiB, MiB, GiB, TiB, KB, MB, GB, TB"),
        ("9000000TiB", "is more than a number of bytes can be"),
        ("99999999999999999999B", "is more than a number of bytes can be"),
    ])
    func `anything else is refused with what was wanted`(text: String, words: String) {
        #expect(throws: ByteSize.Problem(description: words)) { try ByteSize.parse(text) }
    }

    @Test func `a size is said in its largest whole unit`() {
        #expect(
            [0, 1, 1024, 1536, 2 << 30, (2 << 30) + 1024].map(ByteSize.text) == [
                "0 B", "1 B", "1 KiB", "1536 B", "2 GiB", "2097153 KiB",
            ])
    }
}
