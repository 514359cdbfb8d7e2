import ProviderKit
import RegularExpressions
import SensitivePatterns
import Synchronization

/// Shields that look for patterns, and for kinds of text that have a form of their own, in every message.
struct PatternShields: ShieldsProvider {
    static let providerType = "inline::patterns"
    static let version = "1.0.0"
    static let summary = "Blocks or redacts what patterns match, and e-mail addresses, numbers of cards and the like."

    let shields = Registered<PatternShield>()

    init(configuration: NoConfiguration, context: ProviderContext) {}
}

/// One shield of a distribution, and what requests add to it.
final class PatternShield: Shield {
    /// Settings that are kept ready: agents send the same ones again and again.
    private static let scannersMax = 8

    private let settings: PatternSettings
    let holdBytes: Int?
    private let scanners: Mutex<[PatternSettings: Scanner]>

    init(configuration settings: PatternSettings) throws {
        let scanner: Scanner
        do throws(Scanner.BadPattern) {
            scanner = try Scanner(settings)
        } catch {
            throw ConfigurationError("/patterns/\(error.index)", error.message)
        }
        (self.settings, holdBytes) = (settings, scanner.holdBytes)
        scanners = Mutex([settings: scanner])
    }

    var description: String {
        let named =
            settings.kindsFound.map(\.rawValue)
            + (settings.patterns.isEmpty ? [] : ["\(settings.patterns.count) patterns"])
        return (settings.action == .redact ? "Redacts " : "Blocks ") + named.joined(separator: ", ") + "."
    }

    func judge(_ messages: [Message], _ request: PatternSettings, _ call: Call) async throws -> RunShieldResponse {
        let joined = settings.joined(request)
        let scanner = try scanner(joined, request)
        return try await OffPool.run(bytes: .max) { [self] in
            var scanner = scanner
            defer { scanners.withLock { if $0[joined] != nil { $0[joined] = scanner } } }
            return Self.judge(messages, by: &scanner, joined.action ?? .block)
        }
    }

    /// Throws what is wrong with the patterns of a request.
    private func scanner(_ joined: PatternSettings, _ request: PatternSettings) throws(ProviderError) -> Scanner {
        if let kept = scanners.withLock({ $0[joined] }) { return kept }
        for (index, pattern) in request.patterns.enumerated() { try check(pattern, "params.patterns[\(index)]") }
        let scanner: Scanner
        do throws(Scanner.BadPattern) {
            scanner = try Scanner(joined)
        } catch {
            throw ProviderError(.internal, "a pattern that was taken \(error.message)")
        }
        scanners.withLock { scanners in
            if scanners.count >= Self.scannersMax { scanners = scanners.filter { $0.key == settings } }
            scanners[joined] = scanner
        }
        return scanner
    }

    /// A caller holds back as much of a stream as the shield says, whatever the request adds.
    private func check(_ pattern: String, _ field: String) throws(ProviderError) {
        let longest: Int?
        do throws(PatternError) {
            longest = try Pattern(pattern).longestMatchBytes
        } catch {
            throw ProviderError(.invalidRequest, "\(field) is not taken: \(error)", field: field)
        }
        guard let holdBytes, longest.map({ $0 > holdBytes }) ?? true else { return }
        throw ProviderError(
            .invalidRequest,
            "\(field) may match \(longest.map { "\($0)" } ?? "any number of") bytes, and the shield sees \(holdBytes) "
                + "of a stream at once: bound it, as in {1,20}, or put it into the shield's config", field: field)
    }

    // MARK: judging

    private static func judge(
        _ messages: [Message], by scanner: inout Scanner, _ action: FindingAction
    ) -> RunShieldResponse {
        var names: [String] = [], titles: [String] = []
        // A reply is judged alone: what the user said was theirs to say.
        let first = messages.last?.role == .assistant ? messages.count - 1 : 0
        let changed = messages.enumerated().map { index, message in
            guard index >= first else { return message }
            return message.mapTexts { text in
                let findings = scanner.findings(in: text)
                for finding in findings {
                    let name = finding.kind?.rawValue ?? "pattern"
                    if !names.contains(name) { names.append(name) }
                    let title = "message \(index + 1) has \(finding.kind?.title ?? "what a pattern matches")"
                    if !titles.contains(title) { titles.append(title) }
                }
                return replaced(findings, in: text)
            }
        }
        guard !names.isEmpty else { return RunShieldResponse() }
        guard action == .block else { return RunShieldResponse(messages: changed) }
        return RunShieldResponse(
            violation: SafetyViolation(
                violationType: names.joined(separator: ","), details: titles.joined(separator: "; "),
                suggestedUserResponse: "I can't go on with this, because it holds something that must not be passed on."
            ))
    }

    /// The text with each finding as its kind in brackets.
    private static func replaced(_ findings: [Scanner.Finding], in text: String) -> String {
        guard !findings.isEmpty else { return text }
        let bytes = Array(text.utf8)
        var out: [UInt8] = [], at = 0
        for finding in findings {
            out += bytes[at..<finding.range.lowerBound] + Array("[\(finding.kind?.rawValue ?? "redacted")]".utf8)
            at = finding.range.upperBound
        }
        return String(decoding: out + bytes[at...], as: UTF8.self)
    }
}
