import ProviderKit

/// Lets a reply out as far as the agent's output shields have seen it.
///
/// A shield says how many bytes a violation has at most; that many of the end are held back, and no byte of a violation
/// gets out. Text that a shield replaces is held back until the reply is whole.
struct ReplyGate: Sendable {
    /// Text that must have come since the last look, at least: each looks at the reply from its beginning.
    private static let bytesBetweenLooks = 64

    private let shields: ShieldRun
    private let dialog: [Message]
    /// nil: the whole reply must be there.
    private let holdBytes: Int?

    private var text: [UInt8] = []
    private var released = 0
    private var looked = 0
    private var isChanged = false
    private(set) var calls: [ToolCall] = []
    /// The shields' last answers.
    private(set) var verdict: ShieldRun.Verdict

    init(_ shields: ShieldRun, behind dialog: [Message]) async throws {
        (self.shields, self.dialog) = (shields, dialog)
        holdBytes = try await shields.holdBytes()
        verdict = ShieldRun.Verdict(messages: [])
    }

    mutating func add(_ call: ToolCall) { calls.append(call) }

    /// Takes a piece of the reply; answers what may go out now. Nothing more may once ``verdict`` refuses.
    mutating func add(_ piece: String) async throws -> String {
        guard !shields.policies.isEmpty else { return piece }
        text += piece.utf8
        guard let holdBytes, !isChanged, text.count > holdBytes,
            text.count - looked >= max(Self.bytesBetweenLooks, text.count / 8)
        else { return "" }
        try await look(isWhole: false)
        guard verdict.refusal == nil, !verdict.isChanged else {
            isChanged = verdict.isChanged
            return ""
        }
        return release(to: text.count - holdBytes, of: text)
    }

    /// The reply is whole: answers the rest of it.
    mutating func finish() async throws -> String {
        guard !shields.policies.isEmpty else { return "" }
        try await look(isWhole: true)
        guard verdict.refusal == nil else { return "" }
        guard verdict.isChanged, let message = verdict.messages.last else { return release(to: text.count, of: text) }
        let changed = Array(message.content.text.utf8)
        guard changed.starts(with: text[..<released]) else {
            throw ProviderError(
                .upstreamError, "a shield replaced text that its hold_bytes had let out: \(holdBytes ?? 0) is too few")
        }
        if message.toolCalls.count == calls.count { calls = message.toolCalls }
        return release(to: changed.count, of: changed)
    }

    private mutating func look(isWhole: Bool) async throws {
        looked = text.count
        let reply = Message(
            role: .assistant, content: .text(String(decoding: text[..<wholeScalars(text.count, text)], as: UTF8.self)),
            toolCalls: isWhole ? calls : [])
        let before = verdict.violation
        verdict = try await shields.judge(dialog + [reply])
        verdict.violation = verdict.violation ?? before
    }

    /// The text between the last release and `end`, without the half of a character.
    private mutating func release(to end: Int, of bytes: [UInt8]) -> String {
        let end = wholeScalars(end, bytes)
        guard end > released else { return "" }
        defer { released = end }
        return String(decoding: bytes[released..<end], as: UTF8.self)
    }

    private func wholeScalars(_ end: Int, _ bytes: [UInt8]) -> Int {
        var end = min(end, bytes.count)
        while end > 0, end < bytes.count, bytes[end] & 0xC0 == 0x80 { end -= 1 }
        return end
    }
}
