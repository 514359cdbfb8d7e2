/// Why a checkpoint cannot be run. Says which file, which key or tensor, what was found and what was wanted.
package struct ModelError: Error, Equatable, Sendable, CustomStringConvertible {
    package enum Code: String, Sendable {
        case unknownArchitecture = "unknown_architecture"
        case missingKey = "missing_key"
        case invalidValue = "invalid_value"
        case missingTensor = "missing_tensor"
        case wrongShape = "wrong_shape"
        case unsupportedType = "unsupported_type"
    }

    package let code: Code
    /// The checkpoint, as its opener named it.
    package let file: String
    package let message: String

    package var description: String { "\(file): \(message)" }
}
