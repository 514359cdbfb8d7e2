import Foundation
import LlamaStackAPI
import Testing

@testable import Host

/// What a user reads about each of the files in Tests/Fixtures/manifests. `make golden` rewrites the answers;
/// review the difference.
struct ManifestGoldenTests {
    static let folder = ProbeLibrary.root + "/Tests/Fixtures/manifests"
    static let files: [String] = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".yaml") }.sorted()
    static let environment = ["EMPTY": "", "PORT": "80a", "WORD": "secret-word", "A": "a"]

    @Test("a distribution's mistakes, or what it says, are as recorded", arguments: files)
    func golden(_ file: String) throws {
        let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.folder + "/" + file))
        var text: String
        do {
            let manifest = try Manifest.parse(
                Array(bytes), file: file, directory: "/etc/stack", environment: Self.environment)
            text = (manifest.warnings.map(\.description) + [manifest.outline]).joined(separator: "\n")
        } catch {
            text = error.description
        }
        text += "\n"
        let golden = URL(fileURLWithPath: Self.folder + "/" + file.replacing(".yaml", with: ".expected"))
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] == "1" { try Data(text.utf8).write(to: golden) }
        #expect(text == String(decoding: try Data(contentsOf: golden), as: UTF8.self))
    }

    @Test("there are files to judge")
    func someFiles() { #expect(Self.files.count >= 15) }
}

extension Manifest {
    /// Everything, a line each.
    var outline: String {
        var lines = [
            "name \(name)", "state \(statePath ?? "none")", "server \(server)", "provider_path \(providerPath)",
        ]
        lines += providers.map {
            "provider \($0.label) \($0.providerType) library=\($0.library ?? "-") optional=\($0.isOptional) config=\($0.config?.json.text ?? "-") at \($0.position.line):\($0.position.column)"
        }
        lines += resources.map {
            "\($0.kind.name) \($0.id) on \($0.providerLabel) as \($0.aliases) \(JSON.object($0.resource).text)"
        }
        return lines.joined(separator: "\n").replacing("Host.", with: "")
    }
}
