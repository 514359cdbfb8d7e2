extension Jinja {
    static func changed(_ text: Text, _ how: String) -> Text {
        switch how {
        case "upper": text.mapped { $0.uppercased() }
        case "lower": text.mapped { $0.lowercased() }
        default:
            text.mapped {
                $0.unicodeScalars.reduce(into: "") { result, scalar in
                    let properties = scalar.properties
                    result += properties.isUppercase ? properties.lowercaseMapping : properties.uppercaseMapping
                }
            }
        }
    }

    static func capitalized(_ text: Text) -> Text {
        guard let first = text.bytes.first else { return text }
        let length = length(ofLead: first)
        var result = text.slice(0..<length).mapped { $0.unicodeScalars.first?.properties.titlecaseMapping ?? $0 }
        result.append(text.slice(length..<text.bytes.count).mapped { $0.lowercased() })
        return result
    }

    /// The first letter after each character for which `startsWord` holds in its large form, the others in their small.
    static func titled(_ text: Text, startsWord: (Unicode.Scalar) -> Bool) -> Text {
        var atStart = true
        return text.mapped { run in
            run.unicodeScalars.reduce(into: "") { result, scalar in
                result += atStart ? scalar.properties.titlecaseMapping : scalar.properties.lowercaseMapping
                atStart = startsWord(scalar)
            }
        }
    }
}
