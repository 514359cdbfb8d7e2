/// The API as one page for people: routes by API, then every type. No script, nothing from elsewhere.
package enum HTMLPage {
    package static func page(of endpoints: [EndpointDescription] = Endpoints.all, extensions: Bool = false) -> String {
        let printed = endpoints.filter { extensions || !$0.isExtension }
        let apis = API.allCases.filter { api in printed.contains { $0.api == api } }
        let types = printed.namedSchemas
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escape(OpenAPI.title))</title>
            <style>\n\(style)\n</style>
            </head>
            <body>
            <nav>
            <h1>\(escape(OpenAPI.title))</h1>
            <p>Version \(OpenAPI.version) · \(printed.count) routes · \(types.count) types</p>
            \(apis.map { link($0.rawValue, $0.tag, among: printed) }.joined(separator: "\n"))
            <h2><a href="#types">Types</a></h2>
            <ul>\(types.map { "<li>\(reference($0.name))</li>" }.joined())</ul>
            </nav>
            <main>
            \(apis.map { section($0, printed) }.joined(separator: "\n"))
            <h2 id="types">Types</h2>
            \(types.map(type).joined(separator: "\n"))
            </main>
            </body>
            </html>

            """
    }

    // MARK: Routes

    private static func link(_ id: String, _ title: String, among endpoints: [EndpointDescription]) -> String {
        let items = endpoints.filter { $0.api.rawValue == id }.map { "<li><a href=\"#\($0.id)\">\($0.method)</a></li>" }
        return "<h2><a href=\"#\(id)\">\(escape(title))</a></h2>\n<ul>\(items.joined())</ul>"
    }

    private static func section(_ api: API, _ endpoints: [EndpointDescription]) -> String {
        "<h2 id=\"\(api.rawValue)\">\(escape(api.tag))</h2>\n"
            + endpoints.filter { $0.api == api }.map(route).joined(separator: "\n")
    }

    private static func route(_ endpoint: EndpointDescription) -> String {
        let verb = endpoint.route.verb.rawValue
        var rows: [(String, String)] = endpoint.query.map {
            ("query <code>\($0.key)</code>", "\(words($0.schema)) <span>\(escape($0.description))</span>")
        }
        if let body = endpoint.body { rows.append(("body", words(body))) }
        rows.append(("answer", answer(endpoint)))
        if let event = endpoint.event {
            let when = endpoint.streaming == .always ? "always" : "when <code>stream</code> is true"
            rows.append(("events", "\(words(event)) <span>text/event-stream, \(when)</span>"))
        }
        let mark = endpoint.isExtension ? " <em>extension</em>" : ""
        return """
            <article id="\(endpoint.id)">
            <h3><b class="\(verb.lowercased())">\(verb)</b> <code>\(escape(endpoint.route.path))</code>\(mark)</h3>
            <p>\(escape(endpoint.summary))</p>
            <table>\(rows.map { "<tr><th>\($0.0)</th><td>\($0.1)</td></tr>" }.joined())</table>
            </article>
            """
    }

    private static func answer(_ endpoint: EndpointDescription) -> String {
        switch (endpoint.answerFormat, endpoint.answer) {
        case (.jsonLines, .array(let line, _, _)?): "\(words(line)) <span>a line, application/jsonl</span>"
        case (_, let answer?): words(answer)
        case (_, nil): endpoint.streaming == .always ? "<span>a stream</span>" : "<span>empty</span>"
        }
    }

    // MARK: Types

    private static func type(_ name: String, _ schema: Schema) -> String {
        let body: String
        switch schema {
        case .record(let record): body = "<table>\(record.properties.map(row).joined())</table>"
        case .enumeration(_, let values, let isOpen):
            let more = isOpen ? "<span>or another model that is configured</span>" : ""
            body = "<p>\(values.map { "<code>\(escape($0))</code>" }.joined(separator: " · ")) \(more)</p>"
        case .named(_, _, let inner): body = "<p>\(words(inner))</p>"
        default: body = ""
        }
        return "<article id=\"type-\(name)\">\n<h3>\(name)</h3>\n\(body)\n</article>"
    }

    private static func row(_ property: Schema.Property) -> String {
        let need =
            property.isRequired
            ? "required" : property.default.map { "default <code>\(escape($0.text))</code>" } ?? "optional"
        return "<tr><th><code>\(property.key)</code></th><td>\(words(property.schema)) <span>\(need)</span>"
            + "<p>\(escape(property.description))</p></td></tr>"
    }

    /// A schema in words, names linked.
    private static func words(_ schema: Schema) -> String {
        if let name = schema.name { return reference(name) }
        switch schema {
        case .any: return "anything"
        case .boolean: return "boolean"
        case .integer: return "integer"
        case .number: return "number"
        case .string(let format, let pattern, let encoding):
            let what = [format, encoding].compactMap { $0 }.first.map { "string, \($0)" } ?? "string"
            return what + (pattern.map { " <code>\(escape($0))</code>" } ?? "")
        case .array(let item, let uniqueItems, _): return "\(uniqueItems ? "set" : "array") of \(words(item))"
        case .map(.any): return "object, any members"
        case .map(let value): return "object, each member \(words(value))"
        case .object: return "object"
        case .constant(let value): return "<code>\"\(escape(value))\"</code>"
        case .oneOf(let members), .anyOf(let members): return members.map(words).joined(separator: " or ")
        case .enumeration, .named, .record: return ""
        }
    }

    private static func reference(_ name: String) -> String { "<a href=\"#type-\(name)\">\(name)</a>" }

    static func escape(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }
}
