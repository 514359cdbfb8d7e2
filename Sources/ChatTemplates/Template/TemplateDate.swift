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
    package static func now() -> TemplateDate {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: Date())
        return TemplateDate(
            year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1, hour: parts.hour ?? 0,
            minute: parts.minute ?? 0, second: parts.second ?? 0)
    }

    private static let months = [
        "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
        "December",
    ]
    private static let weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]

    /// The date by a strftime format, in English; an unknown directive stays as it was written.
    package func formatted(_ format: String) -> String {
        var text = ""
        var isDirective = false
        var isUnpadded = false
        for scalar in format.unicodeScalars {
            guard isDirective else {
                if scalar == "%" { isDirective = true } else { text.unicodeScalars.append(scalar) }
                continue
            }
            if scalar == "-", !isUnpadded {
                isUnpadded = true
                continue
            }
            text += directive(scalar, unpadded: isUnpadded) ?? (isUnpadded ? "%-" : "%") + String(scalar)
            (isDirective, isUnpadded) = (false, false)
        }
        return isDirective ? text + (isUnpadded ? "%-" : "%") : text
    }

    private func directive(_ letter: Unicode.Scalar, unpadded: Bool) -> String? {
        func padded(_ number: Int, _ width: Int = 2) -> String {
            let digits = String(number)
            return unpadded ? digits : String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let hour12 = hour % 12 == 0 ? 12 : hour % 12
        switch letter {
        case "Y": return String(year)
        case "y": return padded(year % 100)
        case "m": return padded(month)
        case "d": return padded(day)
        case "H": return padded(hour)
        case "I": return padded(hour12)
        case "M": return padded(minute)
        case "S": return padded(second)
        case "p": return hour < 12 ? "AM" : "PM"
        case "B": return Self.months[month - 1]
        case "b", "h": return String(Self.months[month - 1].prefix(3))
        case "A": return Self.weekdays[weekday]
        case "a": return String(Self.weekdays[weekday].prefix(3))
        case "j": return padded(dayOfYear, 3)
        case "F": return "\(formatted("%Y-%m-%d"))"
        case "T": return "\(formatted("%H:%M:%S"))"
        case "D": return "\(formatted("%m/%d/%y"))"
        case "e": return day < 10 && !unpadded ? " \(day)" : String(day)
        case "f": return "000000"
        case "Z", "z": return ""
        case "%": return "%"
        default: return nil
        }
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
