import Foundation

/// A point in local time, taken apart, so that rendering reads no clock.
package struct TemplateDate: Sendable, Equatable {
    package var year: Int
    /// 1 to 12.
    package var month: Int
    package var day: Int
    package var hour = 0
    package var minute = 0
    package var second = 0

    package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
        (self.year, self.month, self.day) = (year, min(max(month, 1), 12), min(max(day, 1), 31))
        (self.hour, self.minute, self.second) = (hour, minute, second)
    }

    /// The clock's time in the machine's zone.
    package static func now() -> TemplateDate { TemplateDate(Date()) }

    /// A moment in the machine's zone.
    package init(_ date: Date) {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: date)
        self.init(
            year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1, hour: parts.hour ?? 0,
            minute: parts.minute ?? 0, second: parts.second ?? 0)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The date by a strftime format of glibc, in English; an unknown directive stays as it was written.
    package func formatted(_ format: String) -> String {
        var text = ""
        var flags = ""
        var isDirective = false
        for scalar in format.unicodeScalars {
            guard isDirective else {
                if scalar == "%" { isDirective = true } else { text.unicodeScalars.append(scalar) }
                continue
            }
            if flags.count < 2, "-_0^#".unicodeScalars.contains(scalar) {
                flags.unicodeScalars.append(scalar)
                continue
            }
            text += directive(scalar, flags) ?? "%" + flags + String(scalar)
            (isDirective, flags) = (false, "")
        }
        return isDirective ? text + "%" + flags : text
    }

    private func directive(_ letter: Unicode.Scalar, _ flags: String) -> String? {
        if let (number, width, filler) = number(letter) {
            let digits = String(number)
            if flags.contains("-") { return digits }
            let pad = flags.contains("_") ? " " : flags.contains("0") ? "0" : filler
            return String(repeating: pad, count: max(0, width - digits.count)) + digits
        }
        guard let words = words(letter) else { return nil }
        if flags.contains("^") { return words.uppercased() }
        if flags.contains("#") { return letter == "p" ? words.lowercased() : words.uppercased() }
        return words
    }

    private func number(_ letter: Unicode.Scalar) -> (Int, width: Int, filler: String)? {
        let hour12 = hour % 12 == 0 ? 12 : hour % 12
        switch letter {
        case "Y": return (year, 1, "0")
        case "C": return (year / 100, 2, "0")
        case "y": return (year % 100, 2, "0")
        case "G": return (week.year, 1, "0")
        case "g": return (week.year % 100, 2, "0")
        case "V": return (week.number, 2, "0")
        case "m": return (month, 2, "0")
        case "d": return (day, 2, "0")
        case "e": return (day, 2, " ")
        case "H": return (hour, 2, "0")
        case "k": return (hour, 2, " ")
        case "I": return (hour12, 2, "0")
        case "l": return (hour12, 2, " ")
        case "M": return (minute, 2, "0")
        case "S": return (second, 2, "0")
        case "j": return (dayOfYear, 3, "0")
        case "u": return (weekday == 0 ? 7 : weekday, 1, "0")
        case "w": return (weekday, 1, "0")
        case "U": return ((dayOfYear + 6 - weekday) / 7, 2, "0")
        case "W": return ((dayOfYear + 6 - (weekday + 6) % 7) / 7, 2, "0")
        default: return nil
        }
    }

    private func words(_ letter: Unicode.Scalar) -> String? {
        switch letter {
        case "p": return hour < 12 ? "AM" : "PM"
        case "P": return hour < 12 ? "am" : "pm"
        case "B": return Self.months[month - 1]
        case "b", "h": return String(Self.months[month - 1].prefix(3))
        case "A": return Self.weekdays[weekday]
        case "a": return String(Self.weekdays[weekday].prefix(3))
        case "F": return formatted("%Y-%m-%d")
        case "T", "X": return formatted("%H:%M:%S")
        case "R": return formatted("%H:%M")
        case "r": return formatted("%I:%M:%S %p")
        case "D", "x": return formatted("%m/%d/%y")
        case "c": return formatted("%a %b %e %H:%M:%S %Y")
        case "f": return "000000"
        case "Z", "z": return ""
        case "n": return "\n"
        case "t": return "\t"
        case "%": return "%"
        default: return nil
        }
    }

    /// The week of ISO 8601: the one with the year's first Thursday is the first.
    private var week: (year: Int, number: Int) {
        let monday = (weekday + 6) % 7
        let number = (dayOfYear - monday + 9) / 7
        if number < 1 {
            let last = TemplateDate(year: year - 1, month: 12, day: 31)
            return last.week
        }
        // 31 December lies in the next year's first week when it is a Monday, Tuesday or Wednesday.
        let left = (isLeap ? 366 : 365) - dayOfYear
        if left < 3, monday + left < 3 { return (year + 1, 1) }
        return (year, number)
    }

    private var isLeap: Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    private var dayOfYear: Int {
        let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month - 1]
        return before + day + (isLeap && month > 2 ? 1 : 0)
    }

    /// 0 is Sunday (Sakamoto's method).
    private var weekday: Int {
        let shifts = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4]
        let year = month < 3 ? self.year - 1 : self.year
        return ((year + year / 4 - year / 100 + year / 400 + shifts[month - 1] + day) % 7 + 7) % 7
    }
}
