import LlamaStackAPI
import Testing

@testable import Host

struct EnvironmentTests {
    static let environment = [
        "NAME": "value", "NUMBER": "42", "EMPTY": "", "TRUE": "true", "SPACE": "a b", "YAML": "[1, 2]",
    ]

    /// What stands in the file → what comes out; nil: a mistake.
    static let table: [(text: String, value: JSON?)] = [
        ("${env.NAME}", "value"),
        ("${env.NUMBER}", 42),
        ("\"${env.NUMBER}\"", 42),
        ("'${env.NUMBER}'", 42),
        ("!!str ${env.NUMBER}", "42"),
        ("!!str \"${env.NUMBER}\"", "42"),
        ("\"${env.TRUE}\"", true),
        ("\" ${env.NUMBER}\"", " 42"),
        ("${env.TRUE}", true),
        ("${env.YAML}", "[1, 2]"),
        ("n${env.NUMBER}", "n42"),
        ("${env.NUMBER}${env.NUMBER}", "4242"),
        ("${env.UNSET:=7}", 7),
        ("${env.EMPTY:=7}", 7),
        ("${env.NUMBER:=7}", 42),
        ("${env.UNSET:=}", .null),
        ("\"${env.UNSET:=}\"", .null),
        ("\"${env.UNSET:=8321}\"", 8321),
        ("${env.UNSET:=http://x:1/y}", "http://x:1/y"),
        ("${env.NAME:+set}", "set"),
        ("${env.UNSET:+set}", .null),
        ("${env.EMPTY:+set}", .null),
        ("a ${env.SPACE} c", "a a b c"),
        ("$NAME $${NAME} $$", "$NAME ${NAME} $$"),
        ("$${env.NAME}", "${env.NAME}"),
        ("a$${env.NAME}${env.NAME}", "a${env.NAME}value"),
        ("${NAME}", nil),
        ("${NAME:-x}", nil),
        ("a${b", nil),
        ("${env:NAME}", nil),
        ("${ENV.NAME}", nil),
        ("${env.UNSET}", nil),
        ("${env.EMPTY}", nil),
        ("\"${env.}\"", nil),
        ("\"${env.NAME:-x}\"", nil),
        ("\"${env.NAME\"", nil),
        ("\"${env.2X:=1}\"", nil),
    ]

    @Test("a reference gives what the table says", arguments: table.indices)
    func reference(_ index: Int) throws {
        let (text, wanted) = Self.table[index]
        let diagnostics = Diagnostics(file: "test.yaml")
        let tree = try #require(YAMLReader.read(Array("key: \(text)".utf8), diagnostics))
        let resolved = EnvironmentReferences(environment: Self.environment, diagnostics: diagnostics).resolve(tree)
        guard let wanted else {
            #expect(diagnostics.found.count == 1)
            #expect(diagnostics.found.first?.position == Position(line: 1, column: 6))
            return
        }
        #expect(diagnostics.found == [])
        #expect(resolved["key"]?.json == wanted)
    }

    @Test("a text of digits from the environment is a string where one is wanted")
    func digits() throws {
        let manifest = try distribution(
            """
            version: 1
            name: ${env.NUMBER}
            server: {port: "${env.NUMBER}"}
            providers:
              inference:
                - {provider_id: "${env.NUMBER}", provider_type: inline::x, config: {a: "${env.NUMBER}", b: "${env.NUMBER}", c: [42]}}
            """, environment: ["NUMBER": "42"])
        #expect(manifest.name == "42")
        #expect(manifest.server.port == 42)
        #expect(manifest.providers[0].providerID == "42")
        let schema: JSON = ["type": "object", "properties": ["a": ["type": "string"], "b": ["type": "integer"]]]
        #expect(manifest.providers[0].config?.json(fitting: schema) == ["a": "42", "b": 42, "c": [42]])
    }

    @Test("an optional key of a config with nothing behind it is not there; one that is asked for is null")
    func nothing() throws {
        let manifest = try distribution(
            """
            version: 1
            providers:
              inference:
                - provider_id: x
                  provider_type: inline::x
                  config: {a: "${env.UNSET:=}", b: , c: {d: ~, e: ~}, f: , g: , h: [~]}
            """)
        let schema: JSON = [
            "type": "object", "required": ["f"], "additionalProperties": ["type": "string"],
            "properties": [
                "a": ["type": "string"], "b": ["type": "integer"], "f": ["type": "string"],
                "c": ["type": "object", "properties": ["d": ["type": "string"], "e": ["type": "null"]]],
                "h": ["type": "array", "items": ["type": "string"]],
            ],
        ]
        let config = manifest.providers[0].config
        #expect(config?.json(fitting: schema) == ["c": ["e": .null], "f": .null, "g": .null, "h": [.null]])
        #expect(config?.json(fitting: nil)["a"] == .null)
    }

    @Test("a list item whose id comes out empty is left out, and what else it refers to is not missed")
    func leftOut() throws {
        let manifest = try distribution(
            """
            version: 1
            providers:
              inference:
                - {provider_id: "${env.UNSET:+remote}", provider_type: remote::x, config: {api_key: "${env.UNSET}"}}
                - {provider_id: cpu, provider_type: inline::cpu}
            """)
        #expect(manifest.providers.map(\.providerID) == ["cpu"])
    }

    @Test("a value from the environment is never printed")
    func masked() async throws {
        let failure = await failure {
            _ = try distribution(
                """
                version: 1
                server: {port: "${env.SECRET}", insecure: "x${env.SECRET}"}
                """, environment: ["SECRET": "hunter22"])
        }
        let text = try #require(failure).description
        #expect(!text.contains("hunter22"))
        #expect(text.contains("got a string ***"))
    }

    /// Plain scalars by YAML 1.2's core schema.
    static let scalars: [(text: String, value: JSON)] = [
        ("1", 1), ("-1", -1), ("+1", 1), ("0x1F", 31), ("0o17", 15), ("017", 17), ("1.5", 1.5), (".5", 0.5),
        ("1.", 1.0),
        ("1e3", 1000.0), ("1e999", "1e999"), ("true", true), ("True", true), ("yes", "yes"), ("no", "no"), ("on", "on"),
        ("null", .null),
        ("~", .null), ("", .null), ("NULL", .null), ("nULL", "nULL"), (".inf", ".inf"), ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("9223372036854775807", .integer(.max)), ("9223372036854775808", digits("9223372036854775808")), ("-", "-"),
        ("+00012345678901234567890", digits("12345678901234567890")),
        ("-12345678901234567890", digits("-12345678901234567890")),
        ("0xFFFFFFFFFFFFFFFF", digits("18446744073709551615")),
        (".12345678901234567890123", digits("0.12345678901234567890123")),
        ("2024-01-01", "2024-01-01"),
    ]

    private static func digits(_ text: String) -> JSON { (try? JSON(parsing: text)) ?? .null }

    @Test("a plain scalar means what the core schema says", arguments: scalars.indices)
    func scalar(_ index: Int) {
        #expect(CoreSchema.value(of: Self.scalars[index].text) == Self.scalars[index].value)
    }
}
