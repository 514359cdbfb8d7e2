import ProviderKit

/// What a call is to do: the request's text, or an id in it, where that is a JSON object. Any other text is answered
/// with itself.
struct Script: WireRecord {
    /// Under which the ``Ledger`` counts what happens to the call.
    var name: String
    /// The number of pieces, each the text `piece N ` or `bytes` times `x`.
    var events: Int
    var bytes: Int
    /// Before each piece but the first: this pause, or a `release` under the name.
    var delayMilliseconds: Int
    var isGated: Bool
    /// After the pieces: an error code to fail with, or no end until the call is cancelled.
    var error: String
    var hangs: Bool
    /// In place of all that: lets the gated call of this name send one more piece.
    var release: String
    /// In place of all that: answers with what the ledger counted under this name, once `until` is above zero.
    var tell: String
    var until: String

    static let object = Object(
        "Script", isComponent: false, Self.init,
        Field("name", \.name, default: ""), Field("events", \.events, default: 1), Field("bytes", \.bytes, default: 0),
        Field("delay_milliseconds", \.delayMilliseconds, default: 0), Field("gated", \.isGated, default: false),
        Field("error", \.error, default: ""), Field("hangs", \.hangs, default: false),
        Field("release", \.release, default: ""), Field("tell", \.tell, default: ""),
        Field("until", \.until, default: ""))

    /// nil when the text is no script.
    init?(_ text: String) throws {
        guard text.hasPrefix("{"), let json = try? JSON(parsing: text) else { return nil }
        try self.init(json: json, at: FieldPath.root["script"])
    }

    private init(
        name: String, events: Int, bytes: Int, delayMilliseconds: Int, isGated: Bool, error: String, hangs: Bool,
        release: String, tell: String, until: String
    ) {
        (self.name, self.events, self.bytes, self.delayMilliseconds) = (name, events, bytes, delayMilliseconds)
        (self.isGated, self.error, self.hangs) = (isGated, error, hangs)
        (self.release, self.tell, self.until) = (release, tell, until)
    }
}

extension Script {
    /// Plays the script of `text`, or says the text itself.
    static func play(_ text: String, _ send: (String) async throws -> Void) async throws {
        guard let script = try Script(text) else { return try await send(text) }
        try await script.play(send)
    }

    private func play(_ send: (String) async throws -> Void) async throws {
        let ledger = Ledger.shared
        if !release.isEmpty { return ledger.count(\.released, release) }
        if !tell.isEmpty { return try await send(ledger.tally(tell, until: until).text) }
        ledger.count(\.started, name)
        do {
            try await perform(ledger, send)
            ledger.count(\.ended, name)
        } catch {
            ledger.count(error is CancellationError ? \.cancelled : \.failed, name)
            throw error
        }
    }

    private func perform(_ ledger: Ledger, _ send: (String) async throws -> Void) async throws {
        for index in 0..<max(0, events) {
            if index > 0, isGated { try await ledger.pass(name, index) }
            if index > 0, delayMilliseconds > 0 { try await Task.sleep(for: .milliseconds(delayMilliseconds)) }
            try await send(bytes > 0 ? String(repeating: "x", count: bytes) : "piece \(index) ")
            ledger.count(\.sent, name)
        }
        if !error.isEmpty {
            let code = ErrorCode.all.first { $0.code == error } ?? .internal
            throw ProviderError(
                code, "scripted: \(error)", field: code == .invalidRequest ? "the.field" : nil,
                retryAfterSeconds: [.queueFull, .providerUnavailable].contains(code) ? 7 : nil)
        }
        while hangs { try await Task.sleep(for: .seconds(60)) }
    }
}
