import ProviderKit

/// The categories of harm of Llama Guard 3, in its order.
enum HarmCategory: String, WireEnum {
    case violentCrimes = "S1"
    case nonViolentCrimes = "S2"
    case sexCrimes = "S3"
    case childExploitation = "S4"
    case defamation = "S5"
    case specializedAdvice = "S6"
    case privacy = "S7"
    case intellectualProperty = "S8"
    case indiscriminateWeapons = "S9"
    case hate = "S10"
    case selfHarm = "S11"
    case sexualContent = "S12"
    case elections = "S13"
    case codeInterpreterAbuse = "S14"

    /// As the model was trained to read it.
    var title: String {
        switch self {
        case .violentCrimes: "Violent Crimes"
        case .nonViolentCrimes: "Non-Violent Crimes"
        case .sexCrimes: "Sex Crimes"
        case .childExploitation: "Child Exploitation"
        case .defamation: "Defamation"
        case .specializedAdvice: "Specialized Advice"
        case .privacy: "Privacy"
        case .intellectualProperty: "Intellectual Property"
        case .indiscriminateWeapons: "Indiscriminate Weapons"
        case .hate: "Hate"
        case .selfHarm: "Self-Harm"
        case .sexualContent: "Sexual Content"
        case .elections: "Elections"
        case .codeInterpreterAbuse: "Code Interpreter Abuse"
        }
    }
}
