import ProviderKit

/// The id that a job's checkpoints are served under: `MODEL@NAME`, or `MODEL@JOB`.
enum JobNames {
    /// The field that names it.
    static func field(_ request: JobRequest) -> String {
        request.hyperparamSearchConfig["name"] == nil ? "job_uuid" : "\(SearchSettings.field).name"
    }

    static func servedID(_ model: String, _ request: JobRequest, _ settings: JobSettings) throws -> String {
        let id = "\(model)@\(settings.search.name ?? request.jobUUID)"
        guard id.utf8.count <= JobLimits.idBytesMax else {
            let field = field(request)
            throw ProviderError(
                .invalidRequest,
                "\(field) is too long: what is trained is served as '\(id.prefix(60))…', and an id has at most "
                    + "\(JobLimits.idBytesMax) bytes; this one has \(id.utf8.count)", field: field)
        }
        return id
    }

    static func taken(_ id: String, _ request: JobRequest) -> ProviderError {
        ProviderError(.alreadyExists, "'\(id)' is in use: choose another name", field: field(request))
    }
}
