/// A slip of a model that has one reading, and was read so.
package enum CallRepair: String, Sendable {
    case singleQuotes = "single quotes around text"
    case trailingComma = "a comma too many"
    case commaMissing = "a comma missing"
    case bracketMissing = "a closing bracket missing"
    case bracketExtra = "a closing bracket too many"
    case loneBackslash = "a backslash that escapes nothing"
}
