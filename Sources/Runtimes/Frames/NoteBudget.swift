/// How many lines of its log an instance may send: what more it says in a second is counted. Time is given, so a test
/// needs no clock.
struct NoteBudget: Sendable {
    /// As for what a child prints.
    static let linesMax = 1_000
    /// The number of lines that the host accepts before it drops some itself. A child that keeps to its own budget
    /// never reaches it, however the two sides' seconds are offset.
    static let receivedLinesMax = 2 * linesMax

    private let linesMax: Int
    private var second = -1.0
    private var lines = 0
    private var dropped = 0

    init(linesMax: Int = NoteBudget.linesMax) { self.linesMax = linesMax }

    /// Whether this line passes, and how many before it did not: to be said now.
    mutating func take(at seconds: Double) -> (passes: Bool, dropped: Int) {
        var toSay = 0
        if seconds - second >= 1 {
            (toSay, second, lines, dropped) = (dropped, seconds, 0, 0)
        }
        guard lines < linesMax else {
            dropped += 1
            return (false, toSay)
        }
        lines += 1
        return (true, toSay)
    }

    /// One that passed could not be sent.
    mutating func lose() { dropped += 1 }

    static func notice(dropped: Int) -> String {
        "\(dropped) \(dropped == 1 ? "line was" : "lines were") dropped: more than \(linesMax) in a second"
    }
}
