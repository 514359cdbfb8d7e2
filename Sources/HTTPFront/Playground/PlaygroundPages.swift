import Dialects
import HTTPTypes
import Host
import Hummingbird
import LlamaStackAPI
import NIOCore
import Playground

/// The pages of the playground: `/`, and what it loads below `/ui/`. A page may ask this server alone, and run the
/// scripts of these files alone.
struct PlaygroundPages {
    private typealias Route = (HTTPRequest.Method, PathTemplate, any HTTPResponder<FrontContext>)

    /// Each path that is served, and its file.
    static let files: [(path: String, file: PlaygroundFile)] = PlaygroundFile.all.map { file in
        (file.name == PlaygroundFile.index ? "/" : "/ui/" + file.name, file)
    }

    /// Each path that a browser may ask.
    static var paths: [String] { files.map(\.path) + [StackPage.path] }

    let stack: Stack

    var all: [(HTTPRequest.Method, PathTemplate, any HTTPResponder<FrontContext>)] {
        let files = Self.files.map { path, file in
            (path, CallbackResponder<FrontContext> { request, _ in Self.answer(request, file) })
        }
        return (files + [(StackPage.path, StackPage(stack: stack).responder)]).flatMap { path, responder -> [Route] in
            [.get, .head].map { ($0, PathTemplate(stringLiteral: path), responder) }
        }
    }

    private static func answer(_ request: Request, _ file: PlaygroundFile) -> Response {
        // Everything that the page refers to is relative to it: below a prefix it needs the slash at its end.
        if file.name == PlaygroundFile.index, !request.uri.path.hasSuffix("/") {
            let last = request.uri.path.split(separator: "/").last.map(String.init) ?? ""
            return Response(status: .permanentRedirect, headers: [.location: "\(last)/"])
        }
        let packed = Self.takesGzip(request) ? file.packed : nil
        let tag = packed == nil ? file.tag : file.packedTag
        var headers = Self.headers
        headers[.contentType] = file.type
        headers[.eTag] = tag
        headers[.vary] = "Accept-Encoding"
        let known = request.headers[values: .ifNoneMatch].flatMap { $0.split(separator: ",") }
        if known.contains(where: { Self.plain($0) == tag || Self.plain($0) == "*" }) {
            return Response(status: .notModified, headers: headers)
        }
        if packed != nil { headers[.contentEncoding] = "gzip" }
        return Response(
            status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: packed ?? file.bytes)))
    }

    /// Whether the client says so; one that says nothing, or `gzip;q=0`, gets the file as it is.
    private static func takesGzip(_ request: Request) -> Bool {
        request.headers[values: .acceptEncoding].contains { value in
            value.lowercased().split(separator: ",").contains { coding in
                let parts = coding.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
                guard parts.first == "gzip" else { return false }
                let quality = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) }
                return quality != 0
            }
        }
    }

    /// A proxy that compresses marks the tag as weak.
    private static func plain(_ tag: Substring) -> String {
        let tag = tag.filter { $0 != " " }
        return tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : tag
    }

    /// Nothing is asked of another server, and no page of another server may frame this one.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    private static let headers: HTTPFields = [
        .contentSecurityPolicy: policy, .xContentTypeOptions: "nosniff", .cacheControl: "no-cache",
        .init("Referrer-Policy")!: "no-referrer",
    ]
}
