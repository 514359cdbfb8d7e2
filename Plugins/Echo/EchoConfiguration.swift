import ProviderKit

/// The `config:` in a distribution. One declaration gives the defaults, the refusal of unknown keys,
/// and the JSON Schema that `llama-stack plugin inspect` prints.
struct EchoConfiguration: WireRecord {
    var prefix: String
    var delayMilliseconds: Int

    static let object = Object(
        "EchoConfiguration", Self.init,
        Field("prefix", \.prefix, default: "", "Said before every answer."),
        Field(
            "delay_milliseconds", \.delayMilliseconds, default: 0, check: .atLeast(0),
            "The pause before each word of a streamed answer."))
}
