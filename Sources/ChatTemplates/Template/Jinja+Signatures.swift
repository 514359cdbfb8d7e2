extension Jinja {
    /// The parameters of a filter, a test, a method or a function, as Python declares them.
    struct Signature: Sendable {
        private let names: [String]
        private let required: Int
        private let takesNames: Bool
        private let takesAny: Bool

        /// - Parameter declaration: names in order, `?` behind one that may be left out, `/` where none may be given by
        ///   its name, `*` where anything may follow.
        init(_ declaration: String) {
            let parts = declaration.split(separator: " ").map(String.init)
            let parameters = parts.filter { $0 != "/" && $0 != "*" }
            names = parameters.map { $0.hasSuffix("?") ? String($0.dropLast()) : $0 }
            required = parameters.count { !$0.hasSuffix("?") }
            takesNames = !parts.contains("/")
            takesAny = parts.contains("*")
        }

        /// Why these arguments do not suit, or nil.
        func misfit(_ arguments: Arguments) -> String? {
            if takesAny { return nil }
            let count = arguments.positional.count
            if count > names.count { return "takes \(Self.counted(names.count)), got \(count)" }
            for (name, _) in arguments.named {
                guard takesNames, let place = names.firstIndex(of: name) else {
                    return "has no argument '\(name.prefix(60))'" + Jinja.suggestion(for: name, among: names)
                }
                if place < count { return "got its argument '\(name)' twice" }
            }
            for (place, name) in names.enumerated().prefix(required) where place >= count {
                if !arguments.named.contains(where: { $0.0 == name }) { return "needs its argument '\(name)'" }
            }
            return nil
        }

        private static func counted(_ count: Int) -> String { count == 1 ? "one argument" : "\(count) arguments" }

        private static func table(_ text: String) -> [String: Signature] {
            var table: [String: Signature] = [:]
            for line in text.split(separator: "\n") {
                let sides = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                let signature = Signature(sides.count > 1 ? String(sides[1]) : "")
                for name in sides[0].split(separator: " ") { table[String(name)] = signature }
            }
            return table
        }

        static let functions = table(
            """
            dict namespace range cycler: *
            joiner: sep?
            raise_exception: message
            strftime_now: format
            """)

        /// jinja2's filters, with `tojson` as transformers declares it.
        static let filters = table(
            """
            abs capitalize count e escape first forceescape items last length list lower pprint random reverse safe:
            string striptags title upper urlencode wordcount:
            attr: name
            batch: linecount fill_with?
            center: width?
            d default: default_value? boolean?
            dictsort: case_sensitive? by? reverse?
            filesizeformat: binary?
            float: default?
            format map reject rejectattr select selectattr: *
            groupby: attribute default? case_sensitive?
            indent: width? first? blank?
            int: default? base?
            join: d? attribute?
            max min: case_sensitive? attribute?
            replace: old new count?
            round: precision? method?
            slice: slices fill_with?
            sort: reverse? case_sensitive? attribute?
            sum: attribute? start?
            tojson: ensure_ascii? indent? separators? sort_keys?
            trim: chars?
            truncate: length? killwords? end? leeway?
            unique: case_sensitive? attribute?
            urlize: trim_url_limit? nofollow? target? rel? extra_schemes?
            xmlattr: autospace?
            wordwrap: width? break_long_words? wrapstring? break_on_hyphens?
            """)

        static let tests = table(
            """
            boolean callable defined escaped even false filter float integer iterable lower mapping none number odd:
            sequence string test true undefined upper:
            divisibleby: num
            in: seq
            sameas: other
            eq equalto == ne != lt lessthan < le <= gt greaterthan > ge >=: other /
            """)

        /// Methods of `str`, less those that give bytes.
        static let ofText = table(
            """
            capitalize casefold isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric: /
            isprintable isspace istitle isupper lower swapcase title upper: /
            center ljust rjust: width fillchar? /
            count find index rfind rindex: sub start? end? /
            endswith startswith: prefix start? end? /
            expandtabs: tabsize?
            format: *
            format_map: mapping /
            join: iterable /
            lstrip rstrip strip: chars? /
            partition rpartition: sep /
            removeprefix removesuffix: part /
            replace: old new count? /
            rsplit split: sep? maxsplit?
            splitlines: keepends?
            translate: table /
            zfill: width /
            """)

        static let ofMap = table("copy items keys values: /\nget: key default? /\nfromkeys: iterable value? /")
        static let ofList = table("copy: /\ncount: value /\nindex: value start? stop? /")
        static let ofNumber = table("as_integer_ratio bit_count bit_length conjugate is_integer: /")
        static let ofLoop = table("cycle changed: *")
        static let ofCounter = table("next reset: /")
    }
}

extension Jinja.Machine {
    /// Throws where Python would not take these arguments.
    func require(
        _ signature: Jinja.Signature?, _ arguments: Jinja.Arguments, _ name: String
    ) throws(TemplateError) {
        if let misfit = signature?.misfit(arguments) { throw fault("'\(name)' \(misfit)") }
    }
}
