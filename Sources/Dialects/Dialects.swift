/// Every dialect that is served, in the order of the document.
package enum Dialects {
    package static let all: [Dialect] = [OpenAI.dialect]
}
