import ProviderKit

// The tests' own library: a provider of every API that does as the request tells it. Not named `libprovider-*`, so that
// no distribution finds it by type and `llama-stack list providers` does not show it.
@c(llama_stack_provider_v1)
public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? {
    exportProviders(
        ScriptedInference.self, ScriptedAgents.self, ScriptedMemory.self, ScriptedDatasets.self, ScriptedRewards.self,
        ScriptedSynthesis.self, ScriptedTraining.self, ScriptedTools.self, ScriptedSafety.self)
}

/// What all of them say of themselves.
protocol Scripted: Provider {}

extension Scripted {
    static var providerType: String { "inline::scripted" }
    static var version: String { "1.0.0" }
    static var summary: String { "Does as the request tells it. For this package's tests." }
}
