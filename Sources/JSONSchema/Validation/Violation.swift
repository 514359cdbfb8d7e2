/// One thing that is wrong with a value: a sentence that its author, a person or a model, can act on.
package struct Violation: Sendable, Equatable, CustomStringConvertible {
    /// The place in the value as one writes it: `filter.tags[0]`; empty for the whole.
    package let place: String
    /// The same as a JSON Pointer: `/filter/tags/0`.
    package let pointer: String
    /// The keyword that the value breaks; `stepsMax` or `nestingMax` where the check was ended by a limit, which says
    /// nothing about the rest of the value.
    package let keyword: String
    /// The sentence without the place: "is required", "must be celsius or fahrenheit, got \"C\"".
    package let message: String
    /// The values or types that were wanted, where the message is about those.
    let wanted: [String]

    /// `unit: must be celsius or fahrenheit, got "C"`
    package var description: String { place.isEmpty ? message : "\(place): \(message)" }
}

/// A way into a value.
struct ValuePath {
    enum Step {
        case property(String)
        case item(Int)
    }

    var steps: [Step] = []

    var text: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .item(let index): text += "[\(index)]"
            case .property(let name) where Self.isPlain(name): text += (text.isEmpty ? "" : ".") + name
            case .property(let name): text += "[\(Excerpt.text(of: .string(name)))]"
            }
        }
    }

    var pointer: String {
        steps.reduce(into: "") { text, step in
            switch step {
            case .item(let index): text += "/\(index)"
            case .property(let name): text += "/" + JSONPointer.escaped(name)
            }
        }
    }

    private static func isPlain(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64
            && name.unicodeScalars.allSatisfy {
                $0 == "_" || $0 == "-" || $0.properties.isAlphabetic || $0.properties.numericType != nil
            }
    }
}
