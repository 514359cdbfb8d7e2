/// The endpoint of `synthetic_data_generation`.
public enum SyntheticDataGeneration {
    /// Answers generated and filtered candidates for each prompt. The first provider of the API answers.
    public static let generate = Endpoint<
        Nothing, SyntheticDataGenerationRequest, SyntheticDataGenerationResponse, Nothing
    >(
        .syntheticDataGeneration, "generate", .post, "/synthetic_data_generation/generate",
        summary: "Generate data for prompts.")

    static let all = [generate.description]
}
