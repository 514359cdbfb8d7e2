import Foundation
import Testing

@testable import LlamaStackAPI

struct JSONDecimalTests {
    @Test(
        "a number is written with the digits that it was read with",
        arguments: [
            "11679230632388718523", "-9223372036854775809", "18446744073709551616", "10000000000000000000",
            "340282366920938463463374607431768211456", "0.12345678901234567890", "9007199254740992.5",
            "123456789012345678.5", "1e-400", "-0.30000000000000000001", "1" + String(repeating: "0", count: 1_000),
        ])
    func keepsDigits(text: String) throws {
        let json = try JSON(parsing: #"{"a":[\#(text)]}"#)
        #expect(json.text == #"{"a":[\#(text)]}"#)
        #expect(try JSON(parsing: json.bytes) == json)
    }

    @Test(
        "a number that a double holds is one, however it is written",
        arguments: [
            ("1e2", 100), ("0.1", 0.1), ("1.50", 1.5), ("0.30000000000000004", 0.30000000000000004),
            ("1.7976931348623157e308", 1.7976931348623157e308), ("5e-324", .leastNonzeroMagnitude), ("100000000000000000000.0", 1e20),
            ("0e99999999999999999999", 0), ("0.000", 0), ("123456789012345e-3", 123456789012.345),
        ] as [(String, Double)])
    func staysDouble(text: String, value: Double) throws { #expect(try JSON(parsing: text) == .number(value)) }

    @Test("numbers are ordered as Foundation's Decimal orders them", arguments: [1, 2, 3] as [UInt64])
    func orders(seed: UInt64) throws {
        var random = Splitmix(state: seed)
        func number() -> String {
            let sign = Bool.random(using: &random) ? "-" : ""
            let count = Int.random(in: 1...24, using: &random)
            var digits = (0..<count).map { _ in String(Int.random(in: 0...2, using: &random)) }.joined()
            digits = String(digits.drop { $0 == "0" })
            if digits.isEmpty { digits = "0" }
            if Bool.random(using: &random) {
                digits += "." + String(repeating: "0", count: Int.random(in: 0...3, using: &random)) + "1"
            }
            if Bool.random(using: &random) { digits += "e\(Int.random(in: -9...9, using: &random))" }
            return sign + digits
        }
        for _ in 0..<500 {
            let (one, two) = (number(), number())
            let a = try #require(Decimal(string: one)), b = try #require(Decimal(string: two))
            let order = try JSON(parsing: one).compared(to: JSON(parsing: two))
            #expect(order == (a < b ? -1 : a > b ? 1 : 0), "seed \(seed): \(one) and \(two)")
        }
    }

    @Test("numbers with exponents beyond all integers are told apart without a trap")
    func hugeExponents() throws {
        let small = try JSON(parsing: "1e-99999999999999999999"),
            smaller = try JSON(parsing: "-1e-99999999999999999999")
        #expect(small.compared(to: smaller) == 1)
        #expect(small.compared(to: 0) == 1)
        #expect(smaller.compared(to: 0) == -1)
        #expect(small.compared(to: .integer(.max)) == -1)
    }

    @Test("what is no number is not compared with one")
    func notNumbers() { #expect(JSON.integer(1).compared(to: "1") == nil && JSON.null.compared(to: 0) == nil) }

    @Test("an integer beyond 64 bits is refused where one of 64 bits is wanted, and read where a double is")
    func wireValues() throws {
        let json = try JSON(parsing: "11679230632388718523")
        #expect(throws: WireError.self) { try Int(json: json, at: .root) }
        #expect(try Double(json: json, at: .root) == 11679230632388718592)
        #expect(throws: WireError.self) {
            try Double(json: JSON(parsing: "1" + String(repeating: "0", count: 400)), at: .root)
        }
    }
}
