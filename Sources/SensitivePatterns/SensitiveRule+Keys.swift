/// Keys of services.
extension SensitiveRule {
    /// By the prefixes that services give their keys, so that they are found.
    static let key = SensitiveRule(
        .key, prefixes.joined(separator: "|"), mayBegin: { text, start in start == 0 || !isKeyByte(text[start - 1]) },
        mayEnd: { text, end in end == text.count || !isKeyByte(text[end]) },
        // Words with hyphens are longer than they are random.
        accepts: { match in match.contains(where: isDigit) && match.contains(where: isLetter) && isMixed(match) })

    private static let prefixes = [
        // Amazon Web Services
        #"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}"#,
        // GitHub, GitLab
        "gh[opsur]_[A-Za-z0-9]{36,251}", "github_pat_[A-Za-z0-9_]{22,100}", "gl(?:pat|dt|rt|ptt)-[A-Za-z0-9_-]{20,64}",
        // Google, Hugging Face, npm, PyPI
        "AIza[A-Za-z0-9_-]{35}", "hf_[A-Za-z0-9]{30,40}", "npm_[A-Za-z0-9]{36}", "pypi-AgE[A-Za-z0-9_-]{50,200}",
        // Slack, SendGrid, Twilio
        "xox[abeoprs]-[A-Za-z0-9-]{10,250}", #"SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{39,50}"#, "SK[0-9a-f]{32}",
        // OpenAI, Anthropic, Groq; Stripe
        "(?:sk|gsk)[-_][A-Za-z0-9_-]{20,200}", "(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,128}",
    ]

    private static func isKeyByte(_ byte: UInt8) -> Bool { isWord(byte) || byte == UInt8(ascii: "-") }

    /// Whether letters and digits take turns, as in what is random.
    private static func isMixed(_ match: ArraySlice<UInt8>) -> Bool {
        var changes = 0
        for (one, two) in zip(match, match.dropFirst())
        where isDigit(one) && isLetter(two) || isLetter(one) && isDigit(two) {
            changes += 1
        }
        return changes >= 2
    }
}
