import Foundation

/// Over the wire RFC 3339: input must have a zone, output is UTC with Z and microseconds unless they are 0.
extension Date: WireValue {
    /// A string with the format date-time.
    public static var schema: Schema { .string(format: "date-time") }
    /// UTC with Z, to the microsecond. A date outside the years 1 to 9999 becomes the nearest that can be written.
    public var json: JSON { .string(DateTime.text(self)) }
    /// The longest text.
    public func measure(_ bytesLeft: inout Int) { bytesLeft -= 40 }
    /// Throws a ``WireError`` for a text that is no RFC 3339 date-time or has no zone. A leap second is read as the
    /// second after it.
    public init(json: JSON, at path: FieldPath) throws {
        guard case .string(let text) = json else {
            throw WireError(path, "must be a date-time string, got \(json.kind)")
        }
        guard let date = DateTime.date(text) else {
            throw WireError(
                path, "must be a date-time with a zone, as 2024-07-11T10:00:00Z, got '\(Quote.short(text))'")
        }
        self = date
    }
}

/// RFC 3339 in the proleptic Gregorian calendar, years 1 to 9999.
enum DateTime {
    static func date(_ text: String) -> Date? {
        var rest = Array(text.utf8)[...]
        guard
            let year = number(4, &rest), take("-", &rest), let month = number(2, &rest), take("-", &rest),
            let day = number(2, &rest), take("Tt ", &rest), let hour = number(2, &rest), take(":", &rest),
            let minute = number(2, &rest), take(":", &rest), let second = number(2, &rest),
            let fraction = fraction(&rest), let zone = zone(&rest), rest.isEmpty,
            (1...9999).contains(year), (1...12).contains(month), (1...daysIn(month, year)).contains(day),
            // 60: a leap second, read as the second after it.
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let seconds = daysSince1970(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - zone
        return Date(timeIntervalSince1970: Double(seconds) + fraction)
    }

    static func text(_ date: Date) -> String {
        let limits = Double(daysSince1970(1, 1, 1) * 86_400)...Double(daysSince1970(9999, 12, 31) * 86_400 + 86_399)
        let time = date.timeIntervalSince1970
        let clamped = min(max(time.isNaN ? 0 : time, limits.lowerBound), limits.upperBound)
        let micros = Int((clamped * 1e6).rounded())
        let (seconds, fraction) = floorDivided(micros, 1_000_000)
        let (days, inDay) = floorDivided(seconds, 86_400)
        let (year, month, day) = civil(days)
        let clock = [inDay / 3_600, inDay / 60 % 60, inDay % 60].map { padded($0, 2) }.joined(separator: ":")
        let decimals = fraction == 0 ? "" : ".\(padded(fraction, 6))"
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(clock)\(decimals)Z"
    }

    // MARK: Parts

    private static func number(_ digits: Int, _ rest: inout ArraySlice<UInt8>) -> Int? {
        guard rest.count >= digits, rest.prefix(digits).allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        defer { rest = rest.dropFirst(digits) }
        return rest.prefix(digits).reduce(0) { $0 * 10 + Int($1 - 0x30) }
    }

    private static func take(_ any: String, _ rest: inout ArraySlice<UInt8>) -> Bool {
        guard let first = rest.first, any.utf8.contains(first) else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func fraction(_ rest: inout ArraySlice<UInt8>) -> Double? {
        guard take(".", &rest) else { return 0 }
        let digits = rest.prefix { (0x30...0x39).contains($0) }
        rest = rest.dropFirst(digits.count)
        guard (1...9).contains(digits.count) else { return nil }
        return Double("0." + String(decoding: digits, as: UTF8.self))
    }

    /// Seconds east of Greenwich.
    private static func zone(_ rest: inout ArraySlice<UInt8>) -> Int? {
        if take("Zz", &rest) { return 0 }
        let sign = rest.first == UInt8(ascii: "-") ? -1 : 1
        guard
            take("+-", &rest), let hours = number(2, &rest), take(":", &rest), let minutes = number(2, &rest),
            hours < 24, minutes < 60
        else { return nil }
        return sign * (hours * 3_600 + minutes * 60)
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private static func floorDivided(_ value: Int, _ by: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
    }

    // MARK: The calendar

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private static func daysIn(_ month: Int, _ year: Int) -> Int {
        [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
    }

    /// Years begin in March here, so that the leap day is the last of its year.
    private static func daysSince1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let y = month > 2 ? year : year - 1
        let (era, yearOfEra) = floorDivided(y, 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = floorDivided(days + 719_468, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
    }
}
