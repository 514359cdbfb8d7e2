extension Jinja.Text {
    /// Number of code points, Python's `len`.
    var count: Int { bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }

    /// Byte offsets of the code points, with the end as the last.
    var offsets: [Int] {
        var offsets: [Int] = []
        offsets.reserveCapacity(bytes.count + 1)
        for (place, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 { offsets.append(place) }
        offsets.append(bytes.count)
        return offsets
    }

    var isASCII: Bool { bytes.allSatisfy { $0 < 0x80 } }

    /// Place of `needle` at or after `start`, nil if there is none.  Linear: Knuth, Morris and Pratt (1977).
    func find(_ needle: [UInt8], from start: Int = 0) -> Int? {
        guard let first = needle.first else { return start <= bytes.count ? start : nil }
        if needle.count > bytes.count - start { return nil }
        if needle.count == 1 { return bytes[start...].firstIndex(of: first) }
        var fallback = [Int](repeating: 0, count: needle.count)
        var matched = 0
        for place in 1..<needle.count {
            while matched > 0, needle[place] != needle[matched] { matched = fallback[matched - 1] }
            if needle[place] == needle[matched] { matched += 1 }
            fallback[place] = matched
        }
        matched = 0
        for place in start..<bytes.count {
            while matched > 0, bytes[place] != needle[matched] { matched = fallback[matched - 1] }
            if bytes[place] == needle[matched] { matched += 1 }
            if matched == needle.count { return place - needle.count + 1 }
        }
        return nil
    }

    /// Every place of `needle`, none overlapping another, at most `limit`.
    func findAll(_ needle: [UInt8], limit: Int = .max) -> [Int] {
        var places: [Int] = []
        var start = 0
        while places.count < limit, let place = find(needle, from: start) {
            places.append(place)
            start = place + max(needle.count, 1)
            if start > bytes.count { break }
        }
        return places
    }

    /// The last place of `needle`.
    func findLast(_ needle: [UInt8]) -> Int? {
        if needle.isEmpty { return bytes.count }
        return reversed.find(Array(needle.reversed())).map { bytes.count - $0 - needle.count }
    }

    /// The bytes from the last to the first, to search from the end.
    private var reversed: Jinja.Text { Jinja.Text(bytes.reversed(), trusted: true) }

    func hasPrefix(_ prefix: [UInt8]) -> Bool { bytes.starts(with: prefix) }
    func hasSuffix(_ suffix: [UInt8]) -> Bool {
        bytes.count >= suffix.count && bytes.suffix(suffix.count).elementsEqual(suffix)
    }

    /// Python's `str.strip`: white space, or the code points of `characters`.
    func stripped(_ characters: Jinja.Text?, start: Bool = true, end: Bool = true) -> Jinja.Text {
        let wanted = characters.map { Set($0.string.unicodeScalars) }
        func goes(_ scalar: Unicode.Scalar) -> Bool { wanted?.contains(scalar) ?? Jinja.isSpace(scalar) }
        var low = 0, high = bytes.count
        while start, low < high {
            let length = Jinja.length(ofLead: bytes[low])
            guard let scalar = Jinja.scalar(bytes[low..<min(low + length, high)]), goes(scalar) else { break }
            low += length
        }
        while end, low < high {
            var lead = high - 1
            while lead > low, bytes[lead] & 0xC0 == 0x80 { lead -= 1 }
            guard let scalar = Jinja.scalar(bytes[lead..<high]), goes(scalar) else { break }
            high = lead
        }
        return slice(low..<high)
    }

    /// Python's `str.split` without a separator.
    func splitAtSpace(limit: Int, keepsRest: Bool = true) -> [Jinja.Text] {
        var parts: [Jinja.Text] = []
        var start: Int?
        var place = 0
        while place < bytes.count {
            let length = Jinja.length(ofLead: bytes[place])
            let isSpace = Jinja.scalar(bytes[place..<min(place + length, bytes.count)]).map(Jinja.isSpace) ?? false
            if isSpace, let from = start {
                parts.append(slice(from..<place))
                start = nil
            } else if !isSpace, start == nil {
                if parts.count == limit { return parts + [slice(place..<bytes.count)] }
                start = place
            }
            place += length
        }
        if let from = start { parts.append(slice(from..<bytes.count)) }
        return parts
    }

    /// Python's `str.split` with a separator that is not empty.
    func split(_ separator: [UInt8], limit: Int) -> [Jinja.Text] {
        var parts: [Jinja.Text] = []
        var start = 0
        for place in findAll(separator, limit: limit) {
            parts.append(slice(start..<place))
            start = place + separator.count
        }
        parts.append(slice(start..<bytes.count))
        return parts
    }

    /// Python's `str.rsplit` with a separator that is not empty.
    func splitFromEnd(_ separator: [UInt8], limit: Int) -> [Jinja.Text] {
        var parts: [Jinja.Text] = []
        var end = bytes.count
        for place in reversed.findAll(Array(separator.reversed()), limit: limit) {
            let start = bytes.count - place
            parts.append(slice(start..<end))
            end = start - separator.count
        }
        parts.append(slice(0..<end))
        return parts.reversed()
    }

    /// Python's `str.rsplit` without a separator: what is left at the start keeps the space before it.
    func splitAtSpaceFromEnd(limit: Int) -> [Jinja.Text] {
        var parts: [Jinja.Text] = []
        var end = stripped(nil, start: false).bytes.count
        while end > 0, parts.count < limit {
            var start = end
            while start > 0 {
                let lead = lead(before: start)
                if isSpace(lead..<start) { break }
                start = lead
            }
            parts.append(slice(start..<end))
            end = start
            while end > 0 {
                let lead = lead(before: end)
                guard isSpace(lead..<end) else { break }
                end = lead
            }
        }
        if end > 0 { parts.append(slice(0..<end)) }
        return parts.reversed()
    }

    /// Where the character begins that ends at `end`.
    private func lead(before end: Int) -> Int {
        var lead = end - 1
        while lead > 0, bytes[lead] & 0xC0 == 0x80 { lead -= 1 }
        return lead
    }

    private func isSpace(_ range: Range<Int>) -> Bool { Jinja.scalar(bytes[range]).map(Jinja.isSpace) ?? false }

    /// Python's `str.replace`; an empty `old` stands between all code points.
    func replacing(_ old: [UInt8], with new: Jinja.Text, limit: Int) -> Jinja.Text {
        var result = slice(0..<0)
        var start = 0
        for place in old.isEmpty ? Array(offsets.prefix(limit)) : findAll(old, limit: limit) {
            result.append(slice(start..<place))
            result.append(new)
            start = place + old.count
        }
        result.append(slice(start..<bytes.count))
        return result
    }
}

extension Jinja {
    static func length(ofLead byte: UInt8) -> Int {
        byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
    }

    static func scalar(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        if let only = bytes.first, bytes.count == 1 { return Unicode.Scalar(only) }
        return String(decoding: bytes, as: UTF8.self).unicodeScalars.first
    }

    /// Whether Python's `str.isspace` counts the scalar as white space.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 9...13, 28...32, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }
}
