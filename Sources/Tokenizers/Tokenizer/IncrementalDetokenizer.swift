/// Turns tokens into text as they are generated: only whole Unicode scalars come out, an incomplete tail waits
/// for the next token. The pieces joined equal the bytes decoded at once, so a client never sees half an emoji.
/// One sequence, one value; not shared between threads.
package struct IncrementalDetokenizer {
    private let tokenizer: any Tokenizer
    private let showingControl: Bool
    private var pending: [UInt8] = []

    /// `showingControl`: control tokens come out as their spelling instead of as nothing.
    package init(_ tokenizer: any Tokenizer, showingControl: Bool = false) {
        self.tokenizer = tokenizer
        self.showingControl = showingControl
    }

    /// The text that became certain with this token; often empty in the middle of an emoji.
    /// Bytes that can no longer become UTF-8 come out as U+FFFD.
    package mutating func append(_ token: Int32) -> String {
        tokenizer.appendBytes(of: token, showingControl: showingControl, to: &pending)
        let held = Self.incompleteTailCount(pending)
        if held == 0 {
            defer { pending.removeAll(keepingCapacity: true) }
            return String(decoding: pending, as: UTF8.self)
        }
        let ready = pending.count - held
        guard ready > 0 else { return "" }
        let text = String(decoding: pending[..<ready], as: UTF8.self)
        pending.removeFirst(ready)
        return text
    }

    /// The rest when no more tokens come: U+FFFD for a scalar that never ended, else nothing.
    package mutating func finish() -> String {
        defer { pending.removeAll(keepingCapacity: true) }
        return String(decoding: pending, as: UTF8.self)
    }

    /// How many bytes at the end begin a scalar that more bytes could still complete (0...3).
    static func incompleteTailCount(_ bytes: [UInt8]) -> Int {
        for back in 1...3 where back <= bytes.count {
            let lead = bytes[bytes.count - back]
            if lead & 0xC0 == 0x80 { continue }  // a continuation byte: the lead is further left
            let wanted =
                lead >= 0xC2 && lead < 0xE0 ? 2 : lead & 0xF0 == 0xE0 ? 3 : (0xF0...0xF4).contains(lead) ? 4 : 1
            guard wanted > back else { return 0 }
            guard back == 1 || canFollow(lead, bytes[bytes.count - back + 1]) else { return 0 }
            return back
        }
        return 0
    }

    /// The second byte's range depends on the first (Unicode 16, table 3-7): no overlong forms, no surrogates,
    /// nothing above U+10FFFF.
    private static func canFollow(_ lead: UInt8, _ second: UInt8) -> Bool {
        switch lead {
        case 0xE0: (0xA0...0xBF).contains(second)
        case 0xED: (0x80...0x9F).contains(second)
        case 0xF0: (0x90...0xBF).contains(second)
        case 0xF4: (0x80...0x8F).contains(second)
        default: (0x80...0xBF).contains(second)
        }
    }
}
