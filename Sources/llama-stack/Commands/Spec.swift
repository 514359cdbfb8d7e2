import ArgumentParser
import CommandSupport
import Foundation
import LlamaStackAPI

struct Spec: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the OpenAPI document of the API.",
        discussion: """
            The document is made from the same declarations that the server decodes with. With --output, writes \
            openapi.yaml and openapi.html into that folder.

              llama-stack spec --format json | jq '.paths | keys'
              llama-stack spec --output docs
            """)

    enum Format: String, CaseIterable, ExpressibleByArgument { case yaml, json, html }

    @Option(help: "yaml, json or html.") var format: Format = .yaml
    @Option(help: "A folder to write openapi.yaml and openapi.html into.", completion: .directory) var output: String?
    @Flag(help: "Also what this server adds to the draft.") var extensions = false

    func run() async throws {
        guard let output else { return Output.write(text(format)) }
        do {
            try FileManager.default.createDirectory(atPath: output, withIntermediateDirectories: true)
            for format in [Format.yaml, .html] {
                let path = "\(output)/openapi.\(format.rawValue)"
                try Data(text(format).utf8).write(to: URL(fileURLWithPath: path))
                Output.line("wrote \(path)")
            }
        } catch {
            throw Fail.with("error: can't write into \(output): \(error.localizedDescription)", exitCode: 73)
        }
    }

    private func text(_ format: Format) -> String {
        switch format {
        case .yaml: OpenAPI.document(extensions: extensions).yamlText
        case .json: OpenAPI.document(extensions: extensions).prettyText + "\n"
        case .html: HTMLPage.page(extensions: extensions)
        }
    }
}
