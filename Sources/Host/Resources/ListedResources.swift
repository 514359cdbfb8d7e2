import LlamaStackAPI

/// The resources that the file lists, at a start.
struct ListedResources: Sendable {
    let manifest: Manifest
    let switchboard: Switchboard
    let log: LogSink

    /// What can be said of them before anything is created.
    ///
    /// - Parameter descriptor: of the provider with this label, "inference/cpu"; nil when it is optional and can't be
    ///   used.
    func mistakes(_ descriptor: (_ label: String) -> ProviderDescriptor?) -> [FileDiagnostic] {
        manifest.resources.compactMap { entry in
            guard let provider = descriptor(entry.providerLabel), !provider.takes(entry.kind),
                !(entry.kind.server(entry.api)?.isRegistrationOptional ?? false), !entry.isOptional
            else { return nil }
            let taken = ResourceKind.all.filter(provider.takes).map(\.titles)
            return manifest.source.diagnostic(
                entry.position, "kind_not_taken",
                "\(entry.providerLabel) (\(provider.type)) takes no \(entry.kind.titles)"
                    + (taken.isEmpty ? "" : "; it takes " + taken.joined(separator: ", ")))
        }
    }

    /// Registers each with its provider, those that others adapt first; then tells those who want to know.
    func register() async throws(StartFailure) {
        let adapters = manifest.resources.filter { $0.base != nil }
        for entry in manifest.resources.filter({ $0.base == nil }) + adapters { try await register(entry) }
        for resource in switchboard.current.resources.all { await switchboard.tell(.register, resource, log: log) }
    }

    private func register(_ entry: Manifest.ResourceEntry) async throws(StartFailure) {
        let resource = KnownResource(entry)
        // Where its provider is optional and did not start, a call to it will say so.
        if let instance = switchboard.current.instance(entry.api, entry.providerID) {
            do throws(CallError) {
                try await switchboard.register(resource, on: instance)
            } catch {
                let failure = refusal(of: entry, error)
                guard entry.isOptional else { throw failure }
                let reason = failure.diagnostics.first?.message ?? ""
                log.log(
                    .warning, "optional \(entry.kind.title) \(Quote.short(entry.id)) is left out: \(reason)")
                return switchboard.update { $0.resources.leaveOut(resource, reason) }
            }
        }
        switchboard.update { $0.resources.put(resource) }
    }

    private func refusal(of entry: Manifest.ResourceEntry, _ error: CallError) -> StartFailure {
        let title = "\(entry.kind.title) \(Quote.short(entry.id))"
        let places = ConfigPlaces(
            label: title, config: entry.config, position: entry.position, source: manifest.source)
        if let complaints = error.configComplaints { return places.failure(complaints) }
        let reason = places.masked(error.operatorMessage ?? error.message)
        let code = error.operatorCode ?? error.code
        return StartFailure(
            [
                manifest.source.diagnostic(
                    entry.position, code.code, "\(entry.providerLabel) can't serve \(title): \(reason)")
            ], exitCode: code.exitCode)
    }
}
