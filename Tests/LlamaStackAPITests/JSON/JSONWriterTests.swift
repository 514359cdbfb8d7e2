import Testing

@testable import LlamaStackAPI

struct JSONWriterTests {
    @Test("a value is written without white space, in its order, with shortest numbers")
    func writes() {
        let value: JSON = [
            "z": [1, -2, 1.0, 0.1, 1e300, .number(-0.0), .integer(.min)], "a": .null, "t": true, "e": [:], "l": [],
            "s": "q\" b\\ n\n u\u{1} é😀/",
        ]
        #expect(
            value.text
                == #"{"z":[1,-2,1.0,0.1,1e+300,-0.0,-9223372036854775808],"a":null,"t":true,"e":{},"l":[],"s":"q\" b\\ n\n u\u0001 é😀/"}"#
        )
    }

    @Test("a number that JSON cannot hold is written as null", arguments: [Double.nan, .infinity, -.infinity])
    func writesNoNaN(value: Double) { #expect(JSON.number(value).text == "null") }

    @Test("the pretty form has two spaces a level and ends with a newline")
    func pretty() {
        let value: JSON = ["a": [1, ["b": "c"]], "e": [], "o": [:]]
        #expect(
            value.prettyText == """
                {
                  "a": [
                    1,
                    {
                      "b": "c"
                    }
                  ],
                  "e": [],
                  "o": {}
                }

                """)
    }

    @Test("what is written reads back the same", arguments: [1, 2, 3, 4] as [UInt64])
    func roundTrip(seed: UInt64) throws {
        var random = Splitmix(state: seed)
        for round in 0..<250 {
            let value = JSON.random(depth: 5, using: &random)
            #expect(try JSON(parsing: value.bytes) == value, "seed \(seed), round \(round)")
            #expect(try JSON(parsing: value.prettyText) == value, "seed \(seed), round \(round), pretty")
        }
    }
}

/// SplitMix64 (Steele et al. 2014): small, and the same numbers everywhere.
struct Splitmix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

extension JSON {
    static func random(depth: Int, using random: inout Splitmix) -> JSON {
        switch Int.random(in: 0..<(depth > 0 ? 8 : 6), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2: return .integer(Int64(bitPattern: random.next()) >> Int64.random(in: 0..<64, using: &random))
        case 3:
            let value = Double(bitPattern: random.next())
            return .number(value.isFinite ? value : 0.5)
        case 4: return .number(Double(Int.random(in: -999_999...999_999, using: &random)) / 1000)
        case 5: return .string(text(using: &random))
        case 6:
            return .array(
                (0..<Int.random(in: 0..<6, using: &random)).map { _ in .random(depth: depth - 1, using: &random) })
        default:
            var object = JSONObject()
            for _ in 0..<Int.random(in: 0..<6, using: &random) {
                object[text(using: &random)] = .random(depth: depth - 1, using: &random)
            }
            return .object(object)
        }
    }

    private static func text(using random: inout Splitmix) -> String {
        var scalars = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<20, using: &random) {
            let limit: UInt32 = [0x20, 0x80, 0x800, 0x110000].randomElement(using: &random) ?? 0x80
            if let scalar = UnicodeScalar(UInt32.random(in: 0..<limit, using: &random)) { scalars.append(scalar) }
        }
        return String(scalars)
    }
}
