/// The endpoint of `synthetic_data_generation`.
public enum SyntheticDataGeneration {
    /// Answers generated and filtered candidates for each prompt. The first provider of the API answers. Thousands of
    /// candidates take an hour; what hangs meanwhile is a call of inference or of rewards, and those have their time.
    public static let generate = Endpoint<
        Nothing, SyntheticDataGenerationRequest, SyntheticDataGenerationResponse, Nothing
    >(
        .syntheticDataGeneration, "generate", .post, "/synthetic_data_generation/generate", isUntimed: true,
        summary: "Generate data for prompts.")

    static let all = [generate.description]
}
