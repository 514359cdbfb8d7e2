import Checkpoints
import Foundation
import ProviderKit

extension BaseModel {
    /// The model that a supervised job names.
    init(training name: String, in models: KnownModels, _ context: ProviderContext) throws {
        guard let model = models.inference(name) else {
            throw ProviderError(
                .modelNotFound, "there is no model '\(name)' to train: name one that inference serves", field: "model")
        }
        guard model.base == nil, model.adapter == nil else {
            throw ProviderError(
                .invalidRequest,
                "model '\(name)' is an adapter\(model.base.map { " of '\($0)'" } ?? ""): train its base", field: "model"
            )
        }
        guard let path = model.path else {
            throw ProviderError(
                .invalidRequest, "model '\(name)' has no files on this server: it can't be trained here",
                field: "model")
        }
        self.init(model: model.id, path: context.path(path), adapter: nil)
    }

    /// The start of a preference job: a checkpoint of a job, or the files of a configured model.
    /// - Parameter checkpoints: the job and the base that a folder is a checkpoint of.
    init(
        finetuned url: WireURL, in models: KnownModels, _ context: ProviderContext,
        checkpoints: (_ folder: String) async throws -> BaseModel?
    ) async throws {
        let field = "finetuned_model"
        func refusal(_ reason: String) -> ProviderError {
            ProviderError(.invalidRequest, "\(field) \(reason)", field: field)
        }
        guard let path = Self.path(url.string) else {
            throw refusal(
                "must be the file:// URL of a checkpoint that a job's artifacts list, or of a configured model's path, "
                    + "got '\(url.string.prefix(60))'")
        }
        if let checkpoint = try await checkpoints(path) {
            self = checkpoint
        } else if let model = models.inference(at: path, context.path), model.adapter == nil {
            self.init(model: model.id, path: path, adapter: nil)
        } else {
            throw refusal(
                "is no checkpoint that a job's artifacts list, and no configured model's path: '\(url.string.prefix(200))'"
            )
        }
    }

    /// `file:///a/b` → /a/b
    private static func path(_ url: String) -> String? {
        guard url.hasPrefix("file:///"), let path = String(url.dropFirst("file://".count)).removingPercentEncoding,
            !path.utf8.contains(0)
        else { return nil }
        return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }

    /// Opens the files. Blocks on the disk. Throws for a model that writes no text, or whose type is not known.
    func open(field: String, log: Log) throws -> ModelCheckpoint {
        do {
            let checkpoint = try ModelCheckpoint.open(path: path)
            guard let experts = checkpoint.configuration.experts else { return checkpoint }
            throw ProviderError(
                .invalidRequest,
                "\(field): '\(model)' can't be trained: it is a mixture of \(experts.count) experts "
                    + "(\(checkpoint.configuration.architecture)), which are served and not trained; name a dense one",
                field: field)
        } catch let error as ProviderError { throw error } catch {
            log.warning("model \(model) can't be trained", ["error": "\(error)"])
            throw ProviderError(
                .invalidRequest,
                "\(field): '\(model)' can't be trained: its files are not those of a model that writes text, or can't be "
                    + "read (the server's log says more)", field: field)
        }
    }
}
