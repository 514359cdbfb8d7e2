/// How a vocabulary's text is prepared before it is merged, where the checkpoint spells it out step by step.
struct TokenizerSteps: Sendable {
    /// nil: SentencePiece, which cuts no words.
    var scanner: PreTokenizer?
    var takesWholeWordsFirst = false
    var spacePrefix = SentencePieceBPE.SpacePrefix.never
    var cutsBeforeEachSpace = false
    /// Spaces are marked by the normaliser, before tokens of normalised text are looked for.
    var normalizesSpaces = false
}
