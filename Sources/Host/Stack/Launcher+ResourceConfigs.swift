import LlamaStackAPI
import Networking
import Runtimes

/// The configs of listed resources, where their provider has said what may stand in them.
extension Launcher {
    /// The configs of the resources that the file lists for a provider.
    private func resourceConfigs(
        of provider: Manifest.ProviderEntry, _ descriptor: ProviderDescriptor
    ) -> [(entry: Manifest.ResourceEntry, places: ConfigPlaces)] {
        manifest.resources.filter { $0.providerLabel == provider.label }.compactMap { entry in
            ResourceConfigSchema.of(entry.kind, in: descriptor.configSchema).map { schema in
                (entry, ConfigPlaces(entry, manifest.source, schema: schema))
            }
        }
    }

    /// The mistakes in them that can be found before the provider is created.
    func mistakesInResources(
        of provider: Manifest.ProviderEntry, _ descriptor: ProviderDescriptor
    ) -> [FileDiagnostic] {
        resourceConfigs(of: provider, descriptor).filter { !$0.entry.isOptional }.flatMap { _, places in
            let mistakes = ConfigSchema.mistakes(in: places.json, schema: places.schema)
            return mistakes.isEmpty ? places.wrongAddresses : mistakes.map(places.diagnostic)
        }
    }

    /// The origins that the file lets a provider reach: those of its own config, and of its resources'. What is
    /// announced at run time opens none.
    func origins(of provider: Manifest.ProviderEntry, _ descriptor: ProviderDescriptor) -> [NetworkOrigin] {
        ConfigPlaces(provider, manifest.source, schema: descriptor.configSchema).endpoints
            + resourceConfigs(of: provider, descriptor).flatMap(\.places.endpoints)
    }
}

extension ConfigPlaces {
    init(_ entry: Manifest.ResourceEntry, _ source: ManifestSource, schema: JSON) {
        self.init(
            label: "\(entry.kind.title) \(Quote.short(entry.id))", config: entry.config, position: entry.position,
            source: source, schema: schema)
    }
}
