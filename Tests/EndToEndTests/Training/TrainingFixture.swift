import Foundation
import LlamaStackAPI
import RawHTTP
import Testing

/// A server that trains a tiny model, "tiny", and its jobs.
enum TrainingFixture {
    /// `make torture-training` runs the tests of jobs as often as a long run asks for.
    static let isWhole = ProcessInfo.processInfo.environment["JOBS_ALL"] == "1"

    static let model = Setting.fixtures + "/training/chat.gguf"

    /// - Parameter state: the folder of what the server keeps.
    static func distribution(state: String, model: String = model) -> String {
        """
        version: 1
        name: train
        state: \(state)
        providers:
          inference:
            - {provider_id: cpu, provider_type: inline::cpu, config: {threads: 1}}
          post_training:
            - {provider_id: trainer, provider_type: inline::cpu, config: {threads: 1}}
        models:
          - {model_id: tiny, provider_id: cpu, path: \(model)}

        """
    }

    static let rows = (0..<8).map { row in
        let (color, answer) = row % 2 == 0 ? ("red", "A1") : ("blue", "B2")
        return #"{"dialog": [{"role": "user", "content": "Where does \#(color) go?"}, "#
            + #"{"role": "assistant", "content": "\#(answer)"}]}"#
    }

    static func request(
        _ id: String, steps: Int, checkpointSteps: Int, algorithm: FinetuningAlgorithm = .lora, rows: [String] = rows
    ) throws -> JSON {
        func dataset(_ rows: [String]) throws -> Dataset {
            let bytes = Data(rows.joined(separator: "\n").utf8).base64EncodedString()
            return Dataset(
                columns: ["dialog": .dialog], contentURL: try WireURL("data:application/jsonl;base64,\(bytes)"))
        }
        return PostTrainingSFTRequest(
            jobUUID: id, model: PretrainedModel(rawValue: "tiny"), dataset: try dataset(rows),
            validationDataset: try dataset(Self.rows), algorithm: algorithm,
            algorithmConfig: .lora(
                LoraFinetuningConfig(
                    loraAttnModules: ["q_proj", "v_proj"], applyLoRAToMLP: false, applyLoRAToOutput: false, rank: 4,
                    alpha: 8)),
            optimizerConfig: OptimizerConfig(optimizerType: .adamw, lr: 0.001, lrMin: 0, weightDecay: 0),
            trainingConfig: TrainingConfig(
                nEpochs: 0, batchSize: 8, shuffle: true, nIters: steps, enableActivationCheckpointing: false,
                memoryEfficientFSDPWrap: false, fsdpCPUOffload: false),
            hyperparamSearchConfig: [
                "checkpoint_steps": .integer(Int64(checkpointSteps)), "validation_steps": 1_000_000,
            ], loggerConfig: [:]
        ).json
    }
}

/// Jobs, from outside.
extension Server {
    func train(_ request: JSON) throws -> HTTPReply { try post("/post_training/supervised_fine_tune/", request) }

    func cancel(_ job: String) throws -> HTTPReply { try post("/post_training/job/cancel?job_uuid=\(job)", [:]) }

    /// In the order in which they were accepted.
    func jobs() throws -> [PostTrainingJob] {
        try client.get("/post_training/job/list").text.split(separator: "\n").map {
            try PostTrainingJob(json: JSON(parsing: Array($0.utf8)), at: .root)
        }
    }

    func status(_ job: String) throws -> PostTrainingJobStatusResponse {
        let reply = try client.get("/post_training/job/status?job_uuid=\(job)")
        return try PostTrainingJobStatusResponse(json: reply.json, at: .root)
    }

    /// A connection that has asked for a job's log.
    func follow(_ job: String, receiveBufferBytes: Int32? = nil) throws -> RawConnection {
        let connection = try RawConnection(port: port, receiveBufferBytes: receiveBufferBytes)
        connection.send(
            "GET /post_training/job/logs?job_uuid=\(job) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
                + "Connection: close\r\n\r\n")
        return connection
    }

    /// A job's log up to its end, or to the first line that begins with `beginning`.
    func jobLog(_ job: String, to beginning: String? = nil, seconds: Double = 300) throws -> [String] {
        let events = EventReader(try ReplyReader(try follow(job), seconds: seconds))
        var lines: [String] = []
        while let event = try events.next() {
            let part = try PostTrainingJobLogStream(json: JSON(parsing: Array(event.data.utf8)), at: .root)
            try #require(part.jobUUID == job)
            lines += part.logLines
            if let beginning, part.logLines.contains(where: { $0.hasPrefix(beginning) }) { break }
        }
        return lines
    }
}
