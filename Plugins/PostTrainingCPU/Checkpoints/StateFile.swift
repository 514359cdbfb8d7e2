import Checkpoints
import Foundation
import ProviderKit

/// Float tensors in a safetensors file (huggingface.co/docs/safetensors): the length of the header, the header as JSON,
/// then the numbers.
enum StateFile {
    /// Two passes of `source`: the first says what there is, the second gives it.
    static func write(
        to path: String,
        _ source: (_ tensor: (_ name: String, _ shape: [Int], _ numbers: [Float]) throws -> Void)
            throws -> Void
    ) throws {
        var header = JSONObject()
        var end = 0
        try source { name, shape, numbers in
            let bytes = numbers.count * MemoryLayout<Float>.stride
            header[name] = [
                "dtype": "F32", "shape": .array(shape.map { .integer(Int64($0)) }),
                "data_offsets": [.integer(Int64(end)), .integer(Int64(end + bytes))],
            ]
            end += bytes
        }
        let file = try DurableFile(path)
        var text = JSON.object(header).bytes
        text += [UInt8](repeating: 0x20, count: (8 - text.count % 8) % 8)
        try file.append(withUnsafeBytes(of: UInt64(text.count).littleEndian) { Array($0) } + text)
        try source { _, _, numbers in try numbers.withUnsafeBytes { try file.append($0) } }
        try file.close()
    }
}
