import Foundation

/// `text` in Unicode form NFC. Text below U+0300 is that already, which is nearly all text.
func composed(_ text: String) -> String {
    text.unicodeScalars.contains { $0.value >= 0x300 } ? text.precomposedStringWithCanonicalMapping : text
}
