/// How the text of a document that is a URL is read. Its errors are `url_not_allowed`, or `upstream_error` when the
/// other side is at fault; their messages begin with a verb ("must be …"), so that they can follow the name of what was
/// given.
package protocol DocumentFetcher: Sendable {
    /// How long one fetch may take.
    var secondsMax: Int { get }
    /// Whether it may be fetched, as far as can be said without connecting.
    func check(_ url: String) async throws
    func bytes(of url: String) async throws -> FetchedText
}
