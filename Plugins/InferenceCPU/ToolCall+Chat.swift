import ChatTemplates
import ProviderKit

extension ToolCall {
    init(_ call: ChatToolCall) { self.init(toolName: call.name, arguments: JSONObject(call.arguments)) }
}
