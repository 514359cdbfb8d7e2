/// How the forward pass computes.
package enum Precision: String, Sendable, Codable, CaseIterable {
    /// Everything in f32, keys and values too: the reference.
    case exact
    /// Activations as int8 with a scale for each 32, or as bf16 where weights are 16-bit floats and the machine
    /// multiplies them; keys and values as bf16.
    case quantized
}
