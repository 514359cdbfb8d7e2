import ProviderKit

extension Call {
    /// Puts what arrived into the log, under the request's id: a test compares it with what it sent.
    func note(_ query: JSON = [:], body: JSON = .null) {
        log.info(
            "received",
            ["method": method, "resource": resource, "query": query.text, "body": body.text])
    }
}

extension Content {
    /// Its text, without the attachments.
    var text: String {
        all.map { if case .text(let text) = $0 { text } else { "" } }.joined()
    }
}
