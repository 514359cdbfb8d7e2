import Foundation

/// Lends `text` (valid UTF-8) in Unicode form NFC. Text below U+0300 is that already, which is nearly all text.
func withComposed(_ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    // U+0300 is CC 80.
    guard text.contains(where: { $0 >= 0xCC }) else { return body(text) }
    var text = String(decoding: text, as: UTF8.self)
    // Foundation does not bring the parts of these behind the marks before them into order when it composes.
    if text.unicodeScalars.contains(where: { [0x344, 0xF73, 0xF75, 0xF81].contains($0.value) }) {
        text = text.decomposedStringWithCanonicalMapping
    }
    var composed = text.precomposedStringWithCanonicalMapping
    composed.withUTF8(body)
}
