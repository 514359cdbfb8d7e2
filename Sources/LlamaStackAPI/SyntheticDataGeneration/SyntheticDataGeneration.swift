public enum SyntheticDataGeneration {
    public static let generate = Endpoint<
        Nothing, SyntheticDataGenerationRequest, SyntheticDataGenerationResponse, Nothing
    >(
        .syntheticDataGeneration, "generate", .post, "/synthetic_data_generation/generate",
        summary: "Generate data for prompts.")

    static let all = [generate.description]
}
