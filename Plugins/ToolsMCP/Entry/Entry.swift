import ProviderKit
import ToolsMCP

// libprovider-tools-mcp.so holds one provider. The symbol stands alone in this target, so that tests can link the
// provider beside others.
@c(llama_stack_provider_v1)
public func entry(_ hostMinor: UInt32) -> UnsafePointer<lsp_module>? { toolsMCPModule() }
