/// The methods of every API as a provider meets them over the plug-in contract, and the errors that it may give: one
/// page in Markdown, which an author in any language can work from.
package enum MethodsPage {
    package static func page(of endpoints: [EndpointDescription] = Endpoints.all) -> String {
        let apis = API.allCases.filter { api in endpoints.contains { $0.api == api } }
        let own = apis.map { api in (api, Set(objects(of: endpoints.filter { $0.api == api }).map(\.name))) }
        let all = objects(of: endpoints)
        let shared = all.filter { object in own.count { $0.1.contains(object.name) } > 1 }
        let sharedNames = Set(shared.map(\.name))
        var parts = [introduction]
        for (api, names) in own {
            let methods = endpoints.filter { $0.api == api }
            parts.append("## \(api.rawValue)\n\n" + methodTable(methods))
            let parameters = parameters(of: methods)
            if !parameters.isEmpty { parts.append("Parameters:\n\n" + fieldTable(parameters, "parameter")) }
            parts += all.filter { names.subtracting(sharedNames).contains($0.name) }.map(section)
        }
        parts.append("## Objects of several APIs")
        parts += shared.map(section)
        parts.append(resources)
        parts.append(errors)
        return parts.joined(separator: "\n\n") + "\n"
    }

    // MARK: Methods

    private static func methodTable(_ endpoints: [EndpointDescription]) -> String {
        let rows = endpoints.map { endpoint -> [String] in
            let shape = MethodShape(endpoint, .markdown)
            let answers = [shape.answer, shape.event.map { "streamed: each \($0)" }].compactMap { $0 }
            let parameters = shape.parameters.isEmpty ? "none" : shape.parameters.joined(separator: ", ")
            let body = shape.body.map { "\($0), up to \(endpoint.bodyBytesMax >> 20) MiB" }
            let what = ([endpoint.summary] + endpoint.rules).joined(separator: " ")
            return [
                "`\(endpoint.method)`", shape.streamed, parameters, body ?? "none",
                answers.isEmpty ? "empty" : answers.joined(separator: "; "), shape.writes, shape.routing, what,
            ]
        }
        return table(
            ["method", "streamed", "parameters", "body", "answer", "writes", "routed by", "what it does"], rows)
    }

    private static func parameters(of endpoints: [EndpointDescription]) -> [Schema.Property] {
        var seen: Set<String> = []
        return endpoints.flatMap(\.query).filter { seen.insert($0.key).inserted }
    }

    // MARK: Objects

    /// Lists of words are written where they are used.
    private static func objects(of endpoints: [EndpointDescription]) -> [(name: String, schema: Schema)] {
        endpoints.namedSchemas.filter { if case .enumeration = $0.schema { false } else { true } }
    }

    private static func section(_ name: String, _ schema: Schema) -> String {
        switch schema {
        case .record(let record):
            let more = record.isOpen ? "\n\nOther fields may be there too." : ""
            let fields = record.properties.isEmpty ? "Without fields." : fieldTable(record.properties, "field")
            return "### \(name)\n\n" + fields + more
        case .named(_, _, let schema): return "### \(name)\n\nA value: \(SchemaWords.markdown.words(schema))."
        default: return "### \(name)"
        }
    }

    private static func fieldTable(_ properties: [Schema.Property], _ title: String) -> String {
        table(
            [title, "type", "when absent", "what it is"],
            properties.map { property in
                // A constant is its own type.
                let isConstant = if case .constant = property.schema { true } else { false }
                let wanted = isConstant ? nil : property.wanted.map { "Must be \($0)." }
                return [
                    "`\(property.key)`", SchemaWords.markdown.words(property.schema), absence(property),
                    [property.description, wanted ?? ""].filter { !$0.isEmpty }.joined(separator: " "),
                ]
            })
    }

    private static func absence(_ property: Schema.Property) -> String {
        if property.isRequired { return "**required**" }
        if property.isOptional { return "optional" }
        return property.whenAbsent.map { "`\($0.text)`" } ?? ""
    }

    /// Every provider answers these; a provider that takes no resources with LSP_UNSUPPORTED.
    private static var resources: String {
        """
        ## Resources

        \(ResourceMethods.all.map { "`\($0.name)`" }.joined(separator: " and ")) are methods of every API, called by the host \
        alone and not listed in the descriptor's `methods`. Both have one resource as their body and an empty answer: \
        `finish(LSP_OK)` without a write. A kind that the provider does not take is `LSP_UNSUPPORTED`, an `id` to \
        unregister that it does not have `LSP_NOT_FOUND`.

        \(section("Resource", Resource.schema))
        """
    }

    // MARK: Errors

    private static var errors: String {
        let rows = ErrorCode.all.map { code in
            [
                "`\(code.code)`", "`\(code.abiStatusName)`", "\(code.httpStatus)", "\(code.exitCode)",
                code.meaning ?? "",
            ]
        }
        return """
            ## Error codes

            An error object is `{"code", "message", "field"?}`; `field` is the path of the wrong value, as in \
            `dialog.message.content[0]`, and with `LSP_BUSY` a number `retry_after_seconds` may be added. The status \
            decides what a client sees. The code says more: take it from this table where one fits, with its status. A \
            code that is not here goes to the client as it is, with the HTTP status of the `lsp_status`. Those that are *host only* \
            are not for providers. The message of `LSP_INTERNAL` goes to the log alone. The last number is the exit code of a command that ends with the \
            error; a start that `create` ends, for example.

            \(table(["code", "status", "HTTP", "exit", "when"], rows))
            """
    }

    // MARK: Markdown

    private static func table(_ titles: [String], _ rows: [[String]]) -> String {
        let lines = [titles, titles.map { _ in "---" }] + rows.map { $0.map { $0.replacing("|", with: "\\|") } }
        return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
    }

    private static let introduction = """
        # The methods of every API

        What a provider is given for each method and what it must answer, over [the contract](../Sources/CProviderABI/include/llama_stack_provider.h). \
        This page is made from the table of endpoints: `llama-stack list methods --markdown` prints it, `llama-stack \
        list methods` its tables alone, and `llama-stack spec --extensions` the same API as an OpenAPI document.

        **What comes in.** `lsp_request.parameters` is a JSON object of the method's parameters, empty when it has none; \
        `lsp_request.body` is the body as JSON. The host has checked the body's size, its depth (\(JSONLimits().depthMax)) and that \
        no key of its top level comes twice; everything else is the provider's to check. A field that is not in these tables is \
        `LSP_INVALID` with its path in `field`, and so is a value of the wrong type.

        **When absent.** *required*: a request must have it. A value: what the field is when a request leaves it out or says \
        null. *optional*: it may be missing or null and then means nothing. In an answer every field must be there but for \
        the optional ones, which are left out and never null.

        **What goes out.** *`LSP_BODY` once*: the answer as one JSON value (large ones may be written in pieces, which are \
        joined). *`LSP_BODY` for each line*: JSON Lines, each written with its newline; no lines are no writes. *nothing*: \
        `finish(LSP_OK)` without a write. *an `LSP_EVENT` each*: each event as one JSON value without a newline or carriage \
        return in it; the host frames it. A method that streams on request does so when the body's `stream` is true. A stream of \
        inference ends with the one event that has a `stop_reason`. An error is `finish` with a status and an object of the \
        [table below](#error-codes); after the first event it ends the stream as `event: error`.

        **Routed by** decides which provider gets a request where a distribution has several of the API. A name that is \
        *new* is made by the call and is `LSP_CONFLICT` when it is there already; any other that the provider does not have \
        is `LSP_NOT_FOUND`: the host asks the providers in turn and goes on after that status, and \
        after `LSP_UNAVAILABLE`, which is the answer when none has it. With *all \
        providers* the lines of all of them are joined.
        """
}
