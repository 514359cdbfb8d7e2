/// The waits between starts of a server that ends again and again: 0.1 s, twice as long each time, up to 30 s.
struct Backoff {
    static let secondsMin = 0.1
    static let secondsMax = 30.0
    private var next = secondsMin

    /// - Parameter servedSeconds: how long it served before it ended; nil: it did not.
    mutating func wait(servedSeconds: Double?) -> Double {
        // One that served for as long as the longest wait is healthy.
        if let servedSeconds, servedSeconds >= Self.secondsMax { next = Self.secondsMin }
        defer { next = min(next * 2, Self.secondsMax) }
        return next
    }
}
