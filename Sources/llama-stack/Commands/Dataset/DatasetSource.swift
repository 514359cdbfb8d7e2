import ArgumentParser
import CommandSupport
import DatasetRows
import Foundation
import Host
import LlamaStackAPI
import Networking

/// Where a command finds rows.
struct DatasetSource: ParsableArguments {
    @Argument(
        help: "A file, or a file://, data: or https:// URL; with --url, a dataset's id.",
        completion: .file(extensions: ["jsonl", "json", "csv"]))
    var source: String

    @Option(help: "A running stack that has the dataset; its content must be readable from here.")
    var url: String?

    /// The dataset that a server has under an id.
    static func registered(_ id: String, at url: String) async throws -> Dataset {
        let server = RemoteStack(url: url)
        do {
            let answer = try await server.answer(Datasets.get.description, ["dataset_id": id], body: nil)
            await server.close()
            return try Datasets.get.decodeAnswer(answer)
        } catch {
            await server.close()
            throw (error as? CallError).map(Fail.with) ?? Fail.with("error: \(error)", exitCode: 70)
        }
    }

    /// Finds the content; what is on the network is copied into a file that is gone when the command ends.
    func open() async throws -> OpenedDataset {
        guard let url else { return try await Self.open(source, columns: [:]) }
        let dataset = try await Self.registered(source, at: url)
        return try await Self.open(dataset.contentURL.string, columns: dataset.columns)
    }

    static func open(_ source: String, columns: [String: DatasetColumn]) async throws -> OpenedDataset {
        let content: DatasetContent
        do {
            if DataURL.isOne(source) {
                content = try DatasetContent(dataURL: source)
            } else if source.hasPrefix("http://") || source.hasPrefix("https://") {
                content = try await download(source)
            } else {
                content = try file(source)
            }
        } catch let error as DatasetError {
            throw Fail.with("error: \(name(source)) \(error)", exitCode: 65)
        } catch let error as CallError {
            throw Fail.with("error: \(name(source)) \(error.message)", exitCode: error.code.exitCode)
        }
        return OpenedDataset(name: name(source), content: content, columns: columns)
    }

    private static func name(_ source: String) -> String {
        DataURL.isOne(source) ? "the data: URL" : source
    }

    private static func file(_ source: String) throws -> DatasetContent {
        let path: String
        if source.hasPrefix("file://") {
            guard let url = URL(string: source), url.isFileURL else { throw DatasetError("is no file:// URL") }
            path = url.path
        } else {
            path = source
        }
        guard let file = FileHandle(forReadingAtPath: path) else {
            let reason = String(cString: strerror(errno))
            throw Fail.with(
                "error: can't read \(path): \(reason)\n  hint: for a dataset of a server, name the server with --url",
                exitCode: 66)
        }
        return DatasetContent(source: .file(file), format: try RowFormat(fileName: path))
    }

    /// Who types a URL here may go wherever this machine may.
    private static func download(_ source: String) async throws -> DatasetContent {
        let network = NetworkService(try CommandNetwork.settings(for: source))
        let answer = try await network.request(
            NetworkParameters(method: "GET", url: source, bytesMax: 4 << 30, secondsMax: 300),
            network.access(for: CommandNetwork.label))
        guard answer.head.status == 200 else {
            throw CallError(.upstreamError, "can't be fetched: its host answered \(answer.head.status)")
        }
        let path = NSTemporaryDirectory() + "llama-stack-dataset-\(UUID().uuidString)"
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forUpdatingAtPath: path)
        else { throw Fail.with("error: can't write \(path): \(String(cString: strerror(errno)))", exitCode: 73) }
        unlink(path)
        let progress = Progress()
        defer { progress.clear() }
        while let piece = try await answer.next() {
            try file.write(contentsOf: piece)
            progress.show("fetched \((try? file.offset()) ?? 0) bytes")
        }
        await network.close()
        try file.seek(toOffset: 0)
        let name = answer.head.url.prefix { $0 != "?" }
        let type = answer.values(of: "content-type").first ?? ""
        let mediaType = type.prefix { $0 != ";" }.trimmingCharacters(in: .whitespaces).lowercased()
        return DatasetContent(
            source: .file(file), format: try RowFormat(fileName: String(name)) ?? (try RowFormat(mediaType: mediaType)))
    }
}

/// Content that was found, with the columns that a server has for it.
struct OpenedDataset: @unchecked Sendable {
    // Unchecked: handed to one thread, which reads it once.
    let name: String
    let content: DatasetContent
    let columns: [String: DatasetColumn]

    /// Ends the command when the content has a mistake.
    func reading<Value>(_ body: (inout RowReader) throws -> Value) throws -> Value {
        do {
            var reader = try RowReader(content, columns)
            return try body(&reader)
        } catch let error as DatasetError {
            throw Fail.with("error: \(name) \(error)", exitCode: 65)
        }
    }
}
