import CProviderABI
import Foundation
import LlamaStackAPI
import Runtimes

extension Check {
    static let keepingChecks = [
        Check("keeps what it is given until it is deleted", waits: 30) { context throws(CheckFailure) in
            try context.withSamples { instance, samples throws(CheckFailure) in
                let keeping = KeepingFlow(context, instance, samples)
                switch samples.api {
                case .memoryBanks?: try keeping.banks()
                case .datasets?: try keeping.datasets()
                case .agenticSystem?: try keeping.agents()
                case .postTraining?: try keeping.jobs()
                default: throw CheckFailure.skip("nothing of its API is kept")
                }
            }
        }
    ]
}

/// The life of a bank, a dataset, an agent or a job: made, refused when it is made again, read, used, deleted, and
/// gone.
struct KeepingFlow {
    let context: CheckContext
    let instance: ProbeInstance
    let samples: SampleRequests

    init(_ context: CheckContext, _ instance: ProbeInstance, _ samples: SampleRequests) {
        (self.context, self.instance, self.samples) = (context, instance, samples)
    }

    /// Sends a request that must be answered as its schema says.
    @discardableResult
    func ask(_ method: String, _ body: JSON? = nil, _ parameters: JSON = [:], streams: Bool = false)
        throws(CheckFailure)
        -> CallRecord
    {
        var request = ProbeRequest(method, body, parameters: parameters, streams: streams)
        guard let endpoint = samples.endpoint(method) else { throw CheckFailure("there is no method \(method)") }
        request.streams = streams || endpoint.streaming == .always
        let call = try instance.answer(to: request)
        try AnswerJudge.check(call, request, endpoint)
        return call
    }

    /// Sends a request that must be refused.
    func refuse(_ status: Int, _ method: String, _ body: JSON? = nil, _ parameters: JSON = [:]) throws(CheckFailure) {
        let call = try instance.answer(to: ProbeRequest(method, body, parameters: parameters))
        try call.expect(status, method)
    }

    /// One result; nothing where the provider does not name the method. False when it did not pass.
    @discardableResult
    func tell(_ method: String, _ subject: String = "", _ body: () throws(CheckFailure) -> Void) throws(CheckFailure)
        -> Bool
    {
        guard samples.has(method) else { return true }
        var isGood = false
        try context.tell(subject.isEmpty ? method : "\(method) \(subject)") { () throws(CheckFailure) in
            try body()
            isGood = true
        }
        return isGood
    }

    /// The lines of an answer in JSON Lines.
    static func lines(_ call: CallRecord) -> [JSON] {
        call.body.split(separator: UInt8(ascii: "\n")).compactMap { try? JSON(parsing: Array($0)) }
    }

    // MARK: datasets

    func datasets() throws(CheckFailure) {
        let rows = "{\"text\":\"one\"}\n{\"text\":\"two\"}\n"
        let dataset: JSON = [
            "columns": ["text": "text"],
            "content_url": .string("data:application/jsonl;base64," + Data(rows.utf8).base64EncodedString()),
            "metadata": ["from": "conformance"],
        ]
        let creation: JSON = ["uuid": .string(samples.id), "dataset": dataset],
            name: JSON = ["dataset_id": .string(samples.id)]
        try tell("get", "of one that there is not") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "get", nil, name)
        }
        guard try tell("create", "", { () throws(CheckFailure) in try ask("create", creation) }) else { return }
        try tell("create", "of one that there is") { () throws(CheckFailure) in
            try refuse(LSP_CONFLICT, "create", creation)
        }
        try tell("get") { () throws(CheckFailure) in
            let answer = try ask("get", nil, name)
            guard (try? JSON(parsing: answer.body))?["columns"] == dataset["columns"] else {
                throw CheckFailure("get answered other columns than create was given")
            }
        }
        try tell("delete") { () throws(CheckFailure) in try ask("delete", nil, name) }
        try tell("get", "of one that was deleted") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "get", nil, name)
        }
        try tell("delete", "of one that was deleted") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "delete", nil, name)
        }
    }

    // MARK: agents

    func agents() throws(CheckFailure) {
        let creation = samples.agent
        let name: JSON = ["agent_id": .string(samples.id)]
        let turn: JSON = [
            "agent_uuid": .string(samples.id),
            "messages": [["role": "user", "content": .string("Say one. \(HostRecord.canary)")]],
        ]
        guard
            try tell(
                "create", "",
                { () throws(CheckFailure) in
                    let answer = try ask("create", creation)
                    guard (try? JSON(parsing: answer.body))?["agent_uuid"]?.stringValue == samples.id else {
                        throw CheckFailure("create answered another \"agent_uuid\" than the request's uuid")
                    }
                })
        else { return }
        try tell("create", "of one that there is") { () throws(CheckFailure) in
            try refuse(LSP_CONFLICT, "create", creation)
        }
        try tell("execute") { () throws(CheckFailure) in try ask("execute", turn) }
        if samples.descriptor.method("execute")?.streams == true, case .object(var streamed) = turn {
            streamed["stream"] = true
            let body = JSON.object(streamed)
            try tell("execute", "with a stream") { () throws(CheckFailure) in
                try ask("execute", body, [:], streams: true)
            }
        }
        try tell("delete") { () throws(CheckFailure) in try ask("delete", nil, name) }
        try tell("execute", "of one that was deleted") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "execute", turn)
        }
        try tell("delete", "of one that was deleted") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "delete", nil, name)
        }
    }

    // MARK: jobs

    func jobs() throws(CheckFailure) {
        let name: JSON = ["job_uuid": .string(samples.id)]
        try tell("job_status", "of one that there is not") { () throws(CheckFailure) in
            try refuse(LSP_NOT_FOUND, "job_status", nil, name)
        }
        for method in ["supervised_fine_tune", "preference_optimize"] where samples.has(method) {
            let id: JSON = .string("\(samples.id)-\(method)"), job: JSON = ["job_uuid": id]
            guard let endpoint = samples.endpoint(method),
                case .object(var body)? = endpoint.body.map({ Samples.sample(for: $0, isMinimal: true) })
            else { continue }
            body["job_uuid"] = id
            let creation = JSON.object(body)
            guard try tell(method, "", { () throws(CheckFailure) in try ask(method, creation) }) else { continue }
            try tell(method, "of one that there is") { () throws(CheckFailure) in
                try refuse(LSP_CONFLICT, method, creation)
            }
            try tell("job_status") { () throws(CheckFailure) in try ask("job_status", nil, job) }
            if samples.has("job_list") {
                try tell("job_list") { () throws(CheckFailure) in try ask("job_list", nil) }
            }
            try tell("job_artifacts") { () throws(CheckFailure) in try ask("job_artifacts", nil, job) }
            try tell("job_cancel") { () throws(CheckFailure) in try ask("job_cancel", nil, job) }
            try tell("job_cancel", "of one that has ended") { () throws(CheckFailure) in try ask("job_cancel", nil, job)
            }
            try tell("job_logs") { () throws(CheckFailure) in try ask("job_logs", nil, job) }
        }
    }
}
