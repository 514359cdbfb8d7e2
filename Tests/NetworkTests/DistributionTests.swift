import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// The section `network` of a distribution, and what configs say of servers.
struct DistributionTests {
    private func failure(_ network: String, providers: String = "{}") -> String {
        let yaml = "version: 1\nnetwork: \(network)\nproviders: \(providers)\n"
        do {
            _ = try Manifest.parse(Array(yaml.utf8), file: "d.yaml", directory: "/x", environment: [:])
            return ""
        } catch { return "\(error)" }
    }

    private static let two =
        "{memory_banks: [{provider_id: files, provider_type: 'inline::a'}], "
        + "datasets: [{provider_id: files, provider_type: 'inline::a'}, {provider_id: sets, provider_type: 'inline::a'}]}"

    @Test("every mistake of it has its place, and what was wanted")
    func mistakes() {
        #expect(failure("{hosts: []}").contains("unknown key 'hosts'"))
        #expect(failure("{allow: ['http://a.test/x']}").contains("must be an origin like"))
        #expect(failure("{allow: [a.test]}").contains("must be an origin like"))
        #expect(failure("{proxy: 'https://a.test'}").contains("must be a proxy like"))
        #expect(failure("{providers: {sets: {enabled: true}}}", providers: Self.two).contains("must name the hosts"))
        #expect(failure("{providers: {set: {}}}", providers: Self.two).contains("(did you mean 'sets'?)"))
        #expect(
            failure("{providers: {files: {}}}", providers: Self.two)
                .contains("'files' is the id of memory_banks/files and of datasets/files"))
        #expect(failure("{providers: {datasets/files: {}}}", providers: Self.two) == "")
        for host in ["A.test", "'https://a.test'", "a.test/", "'a.test:80'", "'*.*.test'", "''", "'127.1'", "'a b'"] {
            #expect(
                failure("{providers: {sets: {hosts: [\(host)]}}}", providers: Self.two).contains("must be a host name"),
                "\(host)")
        }
        for block in ["10.0.0.0", "10.0.0.0/33", "10.0.0/8", "x/8"] {
            #expect(
                failure("{providers: {sets: {allow_private: ['\(block)']}}}", providers: Self.two)
                    .contains("must be a block of addresses"), "\(block)")
        }
        #expect(failure("{providers: {sets: {ports: [0]}}}", providers: Self.two).contains("1 to 65535"))
    }

    @Test("'fetch' in the config of a provider that asks the network is an error with the lines to write")
    func moved() async throws {
        let error = await #expect(throws: StartFailure.self) {
            _ = try await CProviderTests.stack(
                isolation: "inline", network: "{}", config: "{fetch: {enabled: true, hosts: [a.test], bytes_max: 1000}}"
            )
        }
        let text = error?.description ?? ""
        #expect(text.contains("'fetch' is a part of the distribution's 'network' now"))
        for line in [
            "network:", "  providers:", "    memory_banks/asker:", "      enabled: true", "      hosts: [\"a.test\"]",
            "      bytes_max: 1000",
        ] {
            #expect(text.contains("\n    \(line)"), "\(line)\n\(text)")
        }
    }

    @Test("what a config gives for a server must be a URL")
    func address() async throws {
        let error = await #expect(throws: StartFailure.self) {
            _ = try await CProviderTests.stack(isolation: "inline", network: "{}", config: "{endpoint: 'localhost:1'}")
        }
        #expect(error?.description.contains("'endpoint' must be a URL like") == true)
    }

    @Test("certificates that are not there stop the start")
    func certificates() async throws {
        let error = await #expect(throws: StartFailure.self) {
            _ = try await CProviderTests.stack(isolation: "inline", network: "{ca_file: none.pem}")
        }
        #expect(error?.description.contains("there is no file /nowhere/none.pem") == true)
    }
}
