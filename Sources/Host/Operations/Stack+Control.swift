import Foundation
import LlamaStackAPI

extension Stack {
    /// Answers `llama-stack ps` and its like until the shutdown. A distribution without a state folder has no place for
    /// the socket, and one that can't be made costs the commands only.
    package func serveControl() {
        guard let state else { return }
        do throws(SocketFailure) {
            let server = try ControlServer(folder: state.path, log: log) { [weak self] request in
                guard let self else {
                    return ["error": CallError(.shuttingDown, "the server is shutting down").json]
                }
                return answer(request)
            }
            control.withLock { $0 = server }
        } catch {
            log.log(.warning, "`llama-stack ps` will not work: \(state.path)/\(ControlSocket.fileName): \(error)")
        }
    }

    /// Blocks.
    private func answer(_ request: JSON) -> JSON {
        do throws(CallError) {
            switch request["method"]?.stringValue {
            case "ps": return ["result": processes()]
            case "restart":
                guard let name = request["provider"]?.stringValue else {
                    throw CallError(.badRequest, "'provider' must name one")
                }
                return ["result": try restart(name)]
            case "reload": return ["result": try reloadBlocking().json]
            case let other:
                throw CallError(.notFound, "this server has no command \(Quote.short(other ?? ""))")
            }
        } catch {
            return ["error": error.json]
        }
    }

    // MARK: the commands

    /// {"pid", "providers": […]}
    private func processes() -> JSON {
        let table = currentTable
        let rows = zip(table.instances, providers(of: table)).map { instance, provider in
            provider.processJSON(memoryBytes: instance.channel.memoryBytes)
        }
        let absent = table.failed.map { failed -> JSON in
            [
                "api": .string(failed.api.rawValue), "provider_id": .string(failed.providerID), "state": "not_started",
                "reason": .string(failed.reason),
            ]
        }
        return ["pid": .integer(Int64(getpid())), "providers": .array(rows + absent)]
    }

    private func restart(_ name: String) throws(CallError) -> JSON {
        let instance = try instance(named: name)
        let done = Once<CallError?>()
        Task {
            do throws(CallError) {
                try await instance.channel.restart()
                done.set(nil)
            } catch {
                done.set(error)
            }
        }
        if let error = done.waitBlocking() { throw CallError(error.code, "\(instance.label): \(error.message)") }
        return [
            "provider": .string(instance.label),
            "pid": instance.channel.status.pid.map { .integer(Int64($0)) } ?? .null,
        ]
    }

    private func reloadBlocking() throws(CallError) -> ReloadReport {
        let done = Once<Result<ReloadReport, CallError>>()
        Task {
            do throws(CallError) { done.set(.success(try await reload())) } catch { done.set(.failure(error)) }
        }
        return try done.waitBlocking().get()
    }

    /// - Parameter name: "inference/cpu"; the id alone where only one provider has it.
    private func instance(named name: String) throws(CallError) -> RoutingTable.Instance {
        let instances = currentTable.instances
        if let exact = instances.first(where: { $0.label == name }) { return exact }
        let same = instances.filter { $0.providerID == name }
        if let only = same.first, same.count == 1 { return only }
        guard same.isEmpty else {
            throw CallError(
                .badRequest, "\(Quote.short(name)) is several: name one of \(same.map(\.label).joined(separator: ", "))"
            )
        }
        let labels = instances.map(\.label)
        let close = Spelling.closest(to: name, in: labels + instances.map(\.providerID))
        throw CallError(
            .notFound,
            "there is no provider \(Quote.short(name))"
                + (close.map { " (did you mean '\($0)'?)" } ?? "; there are " + labels.joined(separator: ", ")))
    }
}

extension Stack.ProviderStatus {
    /// A row of `llama-stack ps --json`.
    fileprivate func processJSON(memoryBytes: Int?) -> JSON {
        guard case .object(var object) = json else { return json }
        object["isolation"] = .string(channel.isolation)
        object["pid"] = channel.pid.map { .integer(Int64($0)) } ?? .null
        object["restarts"] = .integer(Int64(channel.restarts))
        object["memory_bytes"] = memoryBytes.map { .integer(Int64($0)) } ?? .null
        object["open_calls"] = .integer(Int64(channel.openCalls))
        if let blockedIn = channel.blockedIn { object["blocked_in"] = .string(blockedIn) }
        return .object(object)
    }
}
