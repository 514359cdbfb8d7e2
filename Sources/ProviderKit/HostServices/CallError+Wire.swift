import ContractBridge
import LlamaStackAPI

extension CallError {
    init(_ error: WireError) {
        self.init(error.code, error.description, field: error.field.isEmpty ? nil : error.field)
    }
}
