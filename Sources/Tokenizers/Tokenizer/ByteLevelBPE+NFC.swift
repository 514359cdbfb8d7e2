import Foundation

/// Lends `text` (valid UTF-8) in Unicode form NFC. Text below U+0300 is that already, which is nearly all text.
func withComposed(_ text: UnsafeBufferPointer<UInt8>, _ body: (UnsafeBufferPointer<UInt8>) -> Void) {
    // U+0300 is CC 80.
    guard text.contains(where: { $0 >= 0xCC }) else { return body(text) }
    var composed = String(decoding: text, as: UTF8.self).precomposedStringWithCanonicalMapping
    composed.withUTF8(body)
}
