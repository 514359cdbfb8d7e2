import LlamaStackAPI
import Testing

@testable import ProviderKit

@Suite struct ConfigurationSchemaTests {
    struct Configuration: WireRecord {
        var model: String?
        var threads: Int

        static let object = Object(
            "Configuration", isComponent: false, Self.init,
            Field("model", \.model, naming: "model", "The model that embeds."),
            Field("threads", \.threads, default: 2))
    }

    @Test("a field that names a resource says so to the host")
    func naming() {
        #expect(
            Configuration.schema.configurationSchema == [
                "type": "object",
                "properties": [
                    "model": ["type": "string", "x-resource": "model", "description": "The model that embeds."],
                    "threads": ["type": "integer", "default": 2],
                ],
                "additionalProperties": false,
            ])
    }
}
