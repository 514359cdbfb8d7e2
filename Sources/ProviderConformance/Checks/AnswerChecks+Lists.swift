import CProviderABI
import ContractBridge
import LlamaStackAPI

/// Asks for each entry of a provider's own list: tools are run, shields judge.
struct ListedFlow {
    /// More are not asked for.
    private static let askedMax = 20

    let context: CheckContext
    let instance: ProbeInstance
    let samples: SampleRequests

    /// Nothing for an API without such a list.
    func run() throws(CheckFailure) {
        switch samples.api {
        case .tools? where samples.has("list") && samples.has("invoke"): try tools()
        case .safety? where samples.has("list") && samples.has("run_shield"): try shields()
        default: return
        }
    }

    // MARK: tools

    private func tools() throws(CheckFailure) {
        var tools: [JSON] = []
        try context.tell("list, of tools that can be called") { () throws(CheckFailure) in
            tools = try lines()
            for tool in tools {
                let name = tool["tool_name"]?.stringValue ?? ""
                guard ListedTool.isName(name) else {
                    throw CheckFailure("a tool's name is 1 to 64 of A-Z a-z 0-9 _ -, got \(Quote.short(name))")
                }
                let parameters = tool["parameters"]?.objectValue ?? [:]
                guard parameters.isEmpty || parameters["type"] == "object" else {
                    throw CheckFailure("\"parameters\" of \(name) must be empty or the JSON Schema of an object")
                }
                guard tool["is_available"] != false || tool["reason"]?.stringValue != nil else {
                    throw CheckFailure("\(name) is not available and gives no \"reason\"")
                }
            }
            let names = tools.compactMap { $0["tool_name"]?.stringValue }
            guard Set(names).count == names.count else { throw CheckFailure("list has a tool's name twice") }
        }
        try context.tell("invoke, of a tool that there is not") { () throws(CheckFailure) in
            let call = try instance.answer(to: invocation("conformance_unknown_tool"))
            try call.expect(LSP_NOT_FOUND, "a tool that is not in the list")
            guard (try? JSON(parsing: call.error))?["field"]?.stringValue == "tool_name" else {
                throw CheckFailure("the error must name the field tool_name, got \(call.errorText)")
            }
        }
        let names = tools.filter { $0["is_available"] == true }.compactMap { $0["tool_name"]?.stringValue }
        for name in names.prefix(Self.askedMax) {
            // A model may send any arguments: what they lack is for the result to say.
            try context.tell("invoke, of \(name) without arguments") { () throws(CheckFailure) in
                let request = invocation(name)
                guard let endpoint = samples.endpoint("invoke") else { return }
                try AnswerJudge.check(instance.answer(to: request), request, endpoint)
            }
        }
    }

    private func invocation(_ name: String) -> ProbeRequest {
        ProbeRequest("invoke", ["tool_name": .string(name), "arguments": [:]])
    }

    // MARK: shields

    private func shields() throws(CheckFailure) {
        let listed = try lines().compactMap { $0["shield_type"]?.stringValue }
        let given = samples.ids(of: .shield)
        try context.tell("list, of the shields that were registered") { () throws(CheckFailure) in
            guard !given.isEmpty else { throw CheckFailure.skip("give it a shield with --resource") }
            guard Set(listed) == Set(given) else {
                throw CheckFailure(
                    "wanted \(Quote.short(given.joined(separator: ", "))), "
                        + "got \(Quote.short(listed.joined(separator: ", ")))")
            }
        }
        for id in listed.prefix(Self.askedMax) {
            try context.tell("run_shield, of \(id) without messages") { () throws(CheckFailure) in
                let call = try judge(id, [:], [])
                guard call.status == LSP_OK, let answer = try? JSON(parsing: call.body), answer["violation"] == nil
                else { throw CheckFailure("without messages a shield finds nothing, got \(call.errorText)") }
            }
            try context.tell("run_shield, of \(id) with a setting that there is not") { () throws(CheckFailure) in
                let call = try judge(id, ["conformance_unknown_setting": 1], [])
                try call.expect(LSP_INVALID, "an unknown setting in params")
                let field = (try? JSON(parsing: call.error))?["field"]?.stringValue
                guard field == "params.conformance_unknown_setting" else {
                    throw CheckFailure(
                        "the error must name params.conformance_unknown_setting, got \(call.errorText)")
                }
            }
            try context.tell("run_shield, of \(id) with each on_violation") { () throws(CheckFailure) in
                for action in ["raise", "warn", "ignore"] {
                    try judge(id, ["on_violation": .string(action)], []).expect(LSP_OK, "on_violation \(action)")
                }
            }
        }
    }

    private func judge(_ id: String, _ params: JSON, _ messages: JSON) throws(CheckFailure) -> CallRecord {
        let body: JSON = ["shield_type": .string(id), "params": params, "messages": messages]
        return try instance.answer(to: ProbeRequest("run_shield", body, resource: id))
    }

    private func lines() throws(CheckFailure) -> [JSON] {
        let request = ProbeRequest("list", nil)
        let call = try instance.answer(to: request)
        if let endpoint = samples.endpoint("list") { try AnswerJudge.check(call, request, endpoint) }
        return KeepingFlow.lines(call)
    }
}
