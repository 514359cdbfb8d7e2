import Foundation
import ProviderKit

/// The draft's `code_interpreter`: Python in a cage of its own for each call.
package struct PythonTools: ToolsProvider {
    package static let providerType = "inline::python"
    package static let version = "1.0.0"
    package static let summary = "Runs Python in a bubblewrap cage: code_interpreter."
    package static let resources: [ResourceKind]? = [.toolGroup]

    static let toolName = "code_interpreter"

    private let cage: Cage
    private let turns: Turns
    private let fontList: Task<Void, Never>
    private let listed = Registered<Bool>()

    /// Runs a line in a cage: where that can't be, no call could.
    package init(configuration: PythonConfiguration, context: ProviderContext) async throws {
        cage = try Cage(
            limits: configuration.limits, python: configuration.python, bubblewrap: configuration.bubblewrap)
        turns = Turns(atOnce: configuration.callsAtOnceMax)
        do {
            let trial = try await cage.run("print(1)")
            guard trial.end == .exited(0), trial.output == Array("1\n".utf8) else {
                throw ProviderError(
                    .providerUnavailable,
                    "print(1) ended with \(trial.end): \(String(decoding: trial.errors, as: UTF8.self))")
            }
        } catch let error as ProviderError {
            throw ProviderError(
                .providerUnavailable,
                "code can't be caged here: \(error.operatorMessage ?? error.message). bubblewrap needs user "
                    + "namespaces: in a container they must be allowed, on a machine by user.max_user_namespaces and "
                    + "kernel.unprivileged_userns_clone")
        }
        fontList = Task { [cage] in if context.purpose == .serve { await cage.makeFontList() } }
        context.log.info("code runs in cages", ["limits_by": cage.means])
    }

    package func register(_ resource: Resource) async throws {
        guard resource.kind == ResourceKind.toolGroup.name else { throw Self.refusal(of: resource) }
        guard resource.id == Self.toolName else {
            throw ProviderError(
                .invalidRequest,
                "\(Self.providerType) has no group of tools '\(resource.id)'; there is \(Self.toolName)", field: "id")
        }
        _ = try resource.configuration(as: NoConfiguration.self)
        listed.put(resource.id, true)
    }

    package func unregister(_ resource: Resource) async throws { try listed.remove(resource) }

    package func shutdown() async {
        fontList.cancel()
        await fontList.value
    }

    package func list(_ call: Call) async throws -> [ListedTool] {
        guard !listed.all.isEmpty else { return [] }
        return [
            ListedTool(
                toolName: Self.toolName,
                description: """
                    Runs Python 3 and answers what it printed. Print results. There is no network, no \
                    state between calls, and no file but those the code writes to the current folder; PNG files there, \
                    and figures of matplotlib, are given to the user.
                    """,
                parameters: [
                    "type": "object",
                    "properties": ["code": ["type": "string", "description": "The program, without a code fence."]],
                    "required": ["code"], "additionalProperties": false,
                ])
        ]
    }

    package func invoke(_ tool: ToolCall, _ call: Call) async throws -> ToolResult {
        guard !listed.all.isEmpty, tool.toolName == Self.toolName else {
            throw ProviderError(.notFound, "there is no tool '\(tool.toolName)'", field: "tool_name")
        }
        if let unknown = tool.arguments.keys.first(where: { $0 != "code" }) {
            return .failed("'\(unknown.prefix(40))' is no argument: write the whole program in code")
        }
        guard let value = tool.arguments["code"] else {
            return .failed("code: is required, a program such as print(2 + 3)")
        }
        guard let code = value.stringValue else {
            return .failed("code: must be a string, such as \"print(2 + 3)\", got \(value.kind)")
        }
        let most = cage.limits.codeBytesMax
        guard code.utf8.count <= most else {
            return .failed("code: must be at most \(most) bytes (code_bytes_max), got \(code.utf8.count)")
        }
        if code.contains("matplotlib") { await fontList.value }
        let outcome = try await turns.run { try await cage.run(code) }
        return try outcome.result(cage.limits)
    }
}

extension ToolResult {
    /// A sentence that the model can act on.
    fileprivate static func failed(_ why: String) -> ToolResult { ToolResult(content: .text(why), isError: true) }
}
