/// A command of `chat`: a word that begins with a slash.
enum ChatCommand: Equatable {
    case help, new, quit
    /// nil: asks which it is.
    case model(String?)
    /// With the word as it was typed.
    case unknown(String)
    /// A command that has more words behind it than it takes.
    case tooLong(String)

    static let words = ["/help", "/new", "/model", "/quit"]
    static let list = """
        /help        this list
        /new         forget the conversation
        /model       show the model, and the others of the distribution
        /model ID    talk to another model
        /quit        leave, as ^D does
        Anything else is a message, also a path such as /etc/hosts.
        A space before a slash makes it one too.
        """

    /// nil for a message: one with several lines, a path, a text that begins with a space.
    init?(_ text: String) {
        guard text.first == "/", !text.contains(where: \.isNewline) else { return nil }
        let words = text.split(separator: " ", omittingEmptySubsequences: true)
        guard let word = words.first, word.dropFirst().allSatisfy(Self.isOfWord) else { return nil }
        switch (word, words.count) {
        case ("/help", 1), ("/?", 1): self = .help
        case ("/new", 1): self = .new
        case ("/quit", 1), ("/exit", 1): self = .quit
        case ("/model", 1): self = .model(nil)
        case ("/model", 2): self = .model(String(words[1]))
        case ("/help", _), ("/?", _), ("/new", _), ("/quit", _), ("/exit", _), ("/model", _):
            self = .tooLong(String(word))
        default: self = .unknown(String(word))
        }
    }

    private static func isOfWord(_ character: Character) -> Bool {
        character.isLetter || character.isNumber || "-_?".contains(character)
    }
}
