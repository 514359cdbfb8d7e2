/// How long it takes to get at a document's text and to cut it.
package enum TextEffort: Int, Sendable {
    case quick = 0
    /// A PDF, or so large that others should not wait for it.
    case slow = 1

    private static let quickBytesMax = 64 << 10

    package init(bytes: Int, isPDF: Bool) { self = isPDF || bytes > Self.quickBytesMax ? .slow : .quick }
}
