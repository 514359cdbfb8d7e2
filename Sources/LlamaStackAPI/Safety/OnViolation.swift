/// The caller's treatment of a violation: the setting `on_violation` in a shield's `params`. Shields take it, and judge
/// as they would without it.
public enum OnViolation: String, WireEnum {
    /// The text is refused.
    case raise
    /// The violation is told, and the text goes on.
    case warn
    /// Nothing is told, and the text goes on.
    case ignore
}
