import LlamaStackAPI

/// The resources that the file lists, at a start.
struct ListedResources: Sendable {
    let manifest: Manifest
    let dispatcher: Dispatcher
    let log: LogSink

    /// The errors that can be found before anything is created.
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
        for entry in basesFirst { try await register(entry) }
        for resource in dispatcher.current.resources.all { await dispatcher.tell(.register, resource, log: log) }
    }

    /// Those that adapt others come after them.
    var basesFirst: [Manifest.ResourceEntry] {
        manifest.resources.filter { $0.base == nil } + manifest.resources.filter { $0.base != nil }
    }

    /// Files that are not there, of entries that must be served. Only providers of this machine are known to read them.
    /// Blocks on the disk.
    func missingFiles() -> [FileDiagnostic] {
        manifest.resources.filter { !$0.isOptional }.flatMap { missingFiles(of: $0) }
    }

    private func missingFiles(of entry: Manifest.ResourceEntry) -> [FileDiagnostic] {
        let provider = manifest.providers.first { $0.label == entry.providerLabel }
        guard provider?.isOptional == false, provider?.providerType.hasPrefix("inline::") == true else { return [] }
        return ResourceFiles(source: manifest.source, directory: manifest.directory).missing(of: entry)
    }

    private func register(_ entry: Manifest.ResourceEntry) async throws(StartFailure) {
        let resource = KnownResource(entry)
        // Where its provider is optional and did not start, a call to it will say so.
        if let instance = dispatcher.current.instance(entry.api, entry.providerID),
            let reason = try await register(entry, on: instance)
        {
            return dispatcher.update { $0.resources.leaveOut(resource, reason) }
        }
        dispatcher.update { $0.resources.put(resource) }
    }

    /// Has the instance serve it. Why it is left out; nil when it is served.
    ///
    /// - Parameter isServed: the instance serves another under that id.
    func register(
        _ entry: Manifest.ResourceEntry, on instance: RoutingTable.Instance, isServed: Bool = false
    ) async throws(StartFailure) -> String? {
        let failure: StartFailure
        let missing = await OffPool.run { self.missingFiles(of: entry) }
        if missing.isEmpty {
            do throws(CallError) {
                let resource = KnownResource(entry)
                if isServed {
                    try await dispatcher.replace(resource, on: instance)
                } else {
                    try await dispatcher.register(resource, on: instance)
                }
                return nil
            } catch {
                failure = refusal(of: entry, error)
            }
        } else {
            failure = StartFailure(missing)
        }
        guard entry.isOptional else { throw failure }
        let reason = failure.diagnostics.first?.message ?? ""
        log.log(.warning, "optional \(entry.kind.title) \(Quote.short(entry.id)) is left out: \(reason)")
        return reason
    }

    private func refusal(of entry: Manifest.ResourceEntry, _ error: CallError) -> StartFailure {
        let title = "\(entry.kind.title) \(Quote.short(entry.id))"
        let places = ConfigPlaces(entry, manifest.source, schema: [:])
        if let complaints = error.configComplaints { return places.failure(complaints) }
        let reason = places.masked(error.operatorMessage ?? error.message)
        let code = error.operatorCode ?? error.code
        // What names a file is about that.
        let file = entry.files.first { reason.contains($0.path) }
        return StartFailure(
            [
                manifest.source.diagnostic(
                    file?.position ?? entry.position, code.code,
                    "\(entry.providerLabel) can't serve \(title): \(reason)")
            ], exitCode: code.exitCode)
    }
}
