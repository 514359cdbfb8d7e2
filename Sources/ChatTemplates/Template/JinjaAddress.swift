extension Jinja {
    /// The addresses that jinja2's `urlize` makes links of: its patterns, in linear time.
    enum Address {
        typealias Scalars = ArraySlice<Unicode.Scalar>

        /// `https://…`, `www.…`, a host of one of eight top-level domains, or an IP address behind a scheme.
        static func isWeb(_ scalars: [Unicode.Scalar]) -> Bool {
            for scheme in ["https://", "http://", "www."] {
                guard let rest = dropping(scheme, from: scalars[...]) else { continue }
                if isNamed(rest) { return true }
                if scheme != "www.", isNumbered(rest) { return true }
            }
            return isKnown(scalars[...])
        }

        /// `name@host.domain`
        static func isMail(_ scalars: Scalars) -> Bool {
            guard let at = scalars.lastIndex(of: "@"), at > scalars.startIndex else { return false }
            let host = scalars[(at + 1)...]
            guard let first = host.first, isWord(first), !scalars.contains(where: Jinja.isSpace),
                host.allSatisfy({ isWord($0) || $0 == "." || $0 == "-" }),
                let last = host.lastIndex(where: { !isWord($0) })
            else { return false }
            return host[last] == "." && last > host.startIndex && last < host.endIndex - 1
        }

        /// `tel:`, `ftp://`: two characters or more, a colon, and slashes or none.
        static func isScheme(_ scalars: [Unicode.Scalar]) -> Bool {
            guard let colon = scalars.lastIndex(of: ":"), colon >= 2 else { return false }
            let slashes = scalars[(colon + 1)...]
            return slashes.count <= 2 && slashes.allSatisfy { $0 == "/" }
                && scalars[..<colon].allSatisfy { isWord($0) || ".+-".unicodeScalars.contains($0) }
        }

        private static let topLevel = ["com", "net", "int", "edu", "gov", "org", "info", "mil"]

        private static func isNamed(_ scalars: Scalars) -> Bool {
            let (labels, rest) = host(scalars)
            guard let top = labels.last, labels.allSatisfy({ !$0.isEmpty }), isEnd(rest) else { return false }
            if (2...63).contains(top.count), top.allSatisfy({ isLetter($0) }) { return true }
            guard let international = dropping("xn--", from: top) else { return false }
            return (2...59).contains(international.count) && international.allSatisfy { isWord($0) || $0 == "%" }
        }

        private static func isKnown(_ scalars: Scalars) -> Bool {
            let (labels, rest) = host(scalars)
            guard labels.count > 1, let top = labels.last, isEnd(rest) else { return false }
            return topLevel.contains(String(String.UnicodeScalarView(top.map(folded))))
                && labels.dropLast().allSatisfy { (2...63).contains($0.count) }
        }

        /// The parts of a name between dots, and what is behind it.
        private static func host(_ scalars: Scalars) -> (labels: [Scalars], rest: Scalars) {
            let end = scalars.firstIndex { !isWord($0) && !"%-.".unicodeScalars.contains($0) } ?? scalars.endIndex
            return (scalars[..<end].split(separator: ".", omittingEmptySubsequences: false), scalars[end...])
        }

        private static func isNumbered(_ scalars: Scalars) -> Bool {
            if scalars.first == "[" {
                guard let end = scalars.firstIndex(of: "]") else { return false }
                return isVersion6(scalars[(scalars.startIndex + 1)..<end]) && isEnd(scalars[(end + 1)...])
            }
            let end = scalars.firstIndex { !isDigit($0) && $0 != "." } ?? scalars.endIndex
            let parts = scalars[..<end].split(separator: ".", omittingEmptySubsequences: false)
            return parts.count == 4 && parts.allSatisfy { (1...3).contains($0.count) } && isEnd(scalars[end...])
        }

        /// Two groups of four digits at most, each with a colon, and one to six where the colon may be missing.
        private static func isVersion6(_ scalars: Scalars) -> Bool {
            let groups = scalars.split(separator: ":", omittingEmptySubsequences: false)
            guard groups.count >= 3, groups[0].count <= 4, groups[1].count <= 4,
                scalars.allSatisfy({ isDigit($0) || $0 == ":" || ("a"..."f").contains(folded($0)) })
            else { return false }
            // A colon ends each but the last, which may be empty then.
            let rest = groups.dropFirst(2)
            let ended = rest.dropLast().reduce(0) { $0 + max(1, ($1.count + 3) / 4) }
            return ended + ((rest.last?.count ?? 0) + 3) / 4 <= 6
        }

        /// Whether a host may end here: a port, and a path, a query or a fragment.
        private static func isEnd(_ scalars: Scalars) -> Bool {
            func endsHost(_ rest: Scalars) -> Bool { rest.first.map { "/?#".unicodeScalars.contains($0) } ?? true }
            if endsHost(scalars) { return true }
            guard scalars.first == ":" else { return false }
            let port = scalars.dropFirst().prefix { isDigit($0) }
            return (1...5).contains(port.count) && endsHost(scalars[port.endIndex...])
        }

        private static func dropping(_ prefix: String, from scalars: Scalars) -> Scalars? {
            let prefix = prefix.unicodeScalars
            guard scalars.prefix(prefix.count).map(folded).elementsEqual(prefix) else { return nil }
            return scalars.dropFirst(prefix.count)
        }

        /// As Python's patterns take letters that differ in case: with the four beyond ASCII that have one there.
        private static func folded(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
            switch scalar {
            case "A"..."Z": Unicode.Scalar(UInt8(scalar.value) + 32)
            case "\u{130}", "\u{131}": "i"
            case "\u{17F}": "s"
            case "\u{212A}": "k"
            default: scalar
            }
        }

        private static func isLetter(_ scalar: Unicode.Scalar) -> Bool { ("a"..."z").contains(folded(scalar)) }
        private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { scalar.properties.numericType == .decimal }

        /// Python's `\w`.
        private static func isWord(_ scalar: Unicode.Scalar) -> Bool {
            scalar == "_" || Jinja.isLetter(scalar) || scalar.properties.numericType != nil
        }
    }
}
