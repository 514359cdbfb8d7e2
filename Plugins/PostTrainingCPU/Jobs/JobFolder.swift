import DurableFiles
import Foundation
import ProviderKit
import Storage

/// The folder of one job: its rows, its log, its checkpoints.
struct JobFolder: Sendable {
    let path: String

    static let rowsName = "rows.jsonl"
    static let validationName = "validation.jsonl"

    var logPath: String { "\(path)/log" }
    var checkpointsPath: String { "\(path)/checkpoints" }
    /// The file of what comes over the network, until it is read.
    func fetchedPath(_ name: String) -> String { "\(path)/fetched-\(name)" }

    /// A new folder below `jobs`, durable by name. Blocks on the disk.
    static func make(in jobs: String) throws -> (name: String, folder: JobFolder) {
        let name = UUID().uuidString.lowercased()
        let folder = JobFolder(path: "\(jobs)/\(name)")
        try FileError.forClient {
            try DurableFolder.make(folder.path, in: jobs)
            try DurableFolder.make(folder.checkpointsPath, in: folder.path)
        }
        return (name, folder)
    }

    /// Copies an adapter, so that a job goes on from it whatever becomes of the checkpoint. Blocks on the disk.
    func keep(_ adapter: String) throws -> String {
        let start = "\(path)/start"
        try FileError.forClient {
            try DurableFolder.make(start, in: path)
            for name in ["adapter_model.safetensors", "adapter_config.json"] {
                let bytes = try WholeFile.read("\(adapter)/\(name)", bytesMax: 4 << 30)
                try FileOutput.create("\(start)/\(name)") { copy throws(FileError) in try copy.write(bytes) }
            }
            try DurableFolder.sync(start)
        }
        return start
    }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
