import ProviderKit

/// Pieces of documents as they stand in the prompt: between two marker lines, each under its document's id.
enum RetrievedText {
    /// The text behind the user's message; empty when nothing was found. Made of a step's documents alone, so that a
    /// turn that is replayed has the same prompt to the byte.
    static func behindMessage(_ documents: [MemoryBankDocument]) -> String {
        guard !documents.isEmpty else { return "" }
        var text = "\n\n=== Retrieved from memory ===\n"
        for document in documents {
            text += "[document: \(document.uuid)]\n"
            text += String(decoding: document.content.bytes, as: UTF8.self)
            text += text.hasSuffix("\n") ? "" : "\n"
        }
        return text + "=== End of what was retrieved ==="
    }
}
