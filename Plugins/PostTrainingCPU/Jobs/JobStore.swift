import Foundation
import GRDB
import ProviderKit
import Storage

extension Store.Schema {
    /// `request` is the job's as JSON without the content of `data:` URLs; `base`, `rows` and `validation` what was
    /// found when it was accepted. `is_alive` says that a process runs it: set after a crash, it counts a death.
    static let jobs = Store.Schema(
        name: "jobs.sqlite", applicationID: "LSpt",
        steps: [
            (
                "1 jobs",
                """
                CREATE TABLE job (
                    id INTEGER PRIMARY KEY AUTOINCREMENT,
                    uuid TEXT NOT NULL UNIQUE,
                    principal TEXT NOT NULL,
                    served_id TEXT NOT NULL UNIQUE,
                    kind TEXT NOT NULL,
                    request BLOB NOT NULL,
                    base BLOB NOT NULL,
                    folder TEXT NOT NULL UNIQUE,
                    rows BLOB NOT NULL,
                    validation BLOB,
                    status TEXT NOT NULL,
                    scheduled_at REAL NOT NULL,
                    started_at REAL,
                    completed_at REAL,
                    is_alive INTEGER NOT NULL DEFAULT 0,
                    deaths INTEGER NOT NULL DEFAULT 0,
                    resources BLOB NOT NULL
                );
                CREATE INDEX job_status ON job (status);
                CREATE TABLE transition (
                    job INTEGER NOT NULL REFERENCES job (id),
                    at REAL NOT NULL,
                    status TEXT NOT NULL,
                    reason TEXT
                );
                CREATE TABLE checkpoint (
                    job INTEGER NOT NULL REFERENCES job (id),
                    step INTEGER NOT NULL,
                    folder TEXT NOT NULL,
                    validation_loss REAL,
                    PRIMARY KEY (job, step)
                );
                """
            )
        ])
}

/// The jobs of one instance, in SQLite. A job is its creator's alone: for any other principal it does not exist.
struct JobStore: Sendable {
    private let store: Store

    init(in folder: String, log: Log) async throws { store = try await Store.open(.jobs, in: folder, log: log) }

    func close() async { await store.close() }

    /// Throws what ``add(_:_:)`` would, before the rows of a job are read.
    func check(_ job: NewJob, _ limits: PostTrainingConfiguration) async throws {
        try await store.read { try $0.requireRoom(for: job, limits) }
    }

    /// Returns when the job is on disk, `scheduled`.
    func add(_ job: NewJob, _ limits: PostTrainingConfiguration) async throws {
        try await store.write { db in
            try db.requireRoom(for: job, limits)
            try db.insert(job)
            try db.note(db.lastInsertedRowID, .scheduled, nil, at: job.scheduledAt)
        }
    }

    func job(_ uuid: String, of principal: String) async throws -> Job {
        try await store.read { db in
            guard let job = try db.jobs("uuid = ? AND principal = ?", [uuid, principal]).first else {
                throw ProviderError(.notFound, "there is no job '\(uuid)'", field: "job_uuid")
            }
            return job
        }
    }

    func job(inFolder name: String) async throws -> Job? {
        try await store.read { try $0.jobs("folder = ?", [name]).first }
    }

    func jobs(of principal: String) async throws -> [Job] {
        try await store.read { try $0.jobs("principal = ?", [principal]) }
    }

    /// The jobs that have not ended, in the order in which they were accepted.
    func open() async throws -> [Job] {
        try await store.read { db in
            try db.jobs("status IN (?, ?)", [PostTrainingJobStatus.scheduled.rawValue, "running"])
        }
    }

    /// The names of all jobs' folders.
    func folders() async throws -> Set<String> {
        try await store.read { try Set(String.fetchAll($0, sql: "SELECT folder FROM job")) }
    }

    /// Notes that a process died while it ran jobs; gives those jobs' numbers.
    func noteDeaths() async throws -> Set<Int64> {
        try await store.write(.freeing) { db in
            let ids = try Int64.fetchAll(db, sql: "SELECT id FROM job WHERE is_alive AND status = 'running'")
            try db.execute(sql: "UPDATE job SET deaths = deaths + is_alive, is_alive = 0 WHERE is_alive")
            return Set(ids)
        }
    }

    /// A job that was running before the process ended stays running: only `is_alive` says that it runs here.
    func begin(_ id: Int64, at date: Date) async throws {
        try await store.write { db in
            let status = try db.status(id)
            if status == .scheduled {
                try db.move(id, to: .running, nil, at: date)
                try db.execute(sql: "UPDATE job SET started_at = ? WHERE id = ?", arguments: [date.stored, id])
            }
            try db.execute(sql: "UPDATE job SET is_alive = 1 WHERE id = ?", arguments: [id])
        }
    }

    /// The job goes on with the next start.
    func pause(_ id: Int64) async throws {
        try await store.write(.freeing) {
            try $0.execute(sql: "UPDATE job SET is_alive = 0 WHERE id = ?", arguments: [id])
        }
    }

    /// Moves a job to an end. False when it has ended already.
    func end(_ id: Int64, _ status: PostTrainingJobStatus, _ reason: String?, at date: Date) async throws -> Bool {
        try await store.write(.freeing) { db in
            guard try !db.status(id).hasEnded else { return false }
            try db.move(id, to: status, reason, at: date)
            try db.execute(
                sql: "UPDATE job SET completed_at = ?, is_alive = 0 WHERE id = ?", arguments: [date.stored, id])
            return true
        }
    }

    func set(_ resources: JSONObject, of id: Int64) async throws {
        let bytes = Data(JSON.object(resources).bytes)
        try await store.write(.freeing) {
            try $0.execute(sql: "UPDATE job SET resources = ? WHERE id = ?", arguments: [bytes, id])
        }
    }

    func add(_ checkpoint: CheckpointRow, to id: Int64) async throws {
        try await store.write {
            try $0.execute(
                sql: "INSERT OR REPLACE INTO checkpoint (job, step, folder, validation_loss) VALUES (?, ?, ?, ?)",
                arguments: [id, checkpoint.step, checkpoint.folder, checkpoint.validationLoss])
        }
    }

    func remove(step: Int, of id: Int64) async throws {
        try await store.write(.freeing) {
            try $0.execute(sql: "DELETE FROM checkpoint WHERE job = ? AND step = ?", arguments: [id, step])
        }
    }

    /// Oldest first.
    func checkpoints(of id: Int64) async throws -> [CheckpointRow] {
        try await store.read {
            try Row.fetchAll(
                $0, sql: "SELECT step, folder, validation_loss FROM checkpoint WHERE job = ? ORDER BY step",
                arguments: [id]
            ).map { CheckpointRow(step: $0[0], folder: $0[1], validationLoss: $0[2]) }
        }
    }

    /// Every state that a job was in, with why it came there.
    func transitions(of id: Int64) async throws -> [(status: String, reason: String?)] {
        try await store.read {
            try Row.fetchAll(
                $0, sql: "SELECT status, reason FROM transition WHERE job = ? ORDER BY rowid", arguments: [id]
            ).map { ($0[0], $0[1]) }
        }
    }
}

/// A job to be accepted.
struct NewJob: Sendable {
    var request: JobRequest
    var principal: String
    var base: BaseModel
    var servedID: String
    var scheduledAt: Date
    var folder = ""
    var rows: DatasetCopy?
    var validation: DatasetCopy?
    var resources = JSONObject()
}

extension Date {
    /// As it stands in the table.
    fileprivate var stored: Double { timeIntervalSince1970 }
}

extension Database {
    fileprivate func requireRoom(for job: NewJob, _ limits: PostTrainingConfiguration) throws {
        let uuid = job.request.jobUUID
        if try Int.fetchOne(self, sql: "SELECT 1 FROM job WHERE uuid = ?", arguments: [uuid]) != nil {
            throw ProviderError(.alreadyExists, "there is a job '\(uuid)' already", field: "job_uuid")
        }
        if try Int.fetchOne(self, sql: "SELECT 1 FROM job WHERE served_id = ?", arguments: [job.servedID]) != nil {
            throw JobNames.taken(job.servedID, job.request)
        }
        let waiting = try Int.fetchOne(self, sql: "SELECT count(*) FROM job WHERE status = 'scheduled'") ?? 0
        let running = try Int.fetchOne(self, sql: "SELECT count(*) FROM job WHERE status = 'running'") ?? 0
        // A place to run that is free is no place to wait.
        guard waiting < limits.waitingMax + max(0, limits.runningMax - running) else {
            throw ProviderError(
                .queueFull, "\(waiting) jobs wait, and waiting_max is \(limits.waitingMax): try again later",
                retryAfterSeconds: 60)
        }
        let all = try Int.fetchOne(self, sql: "SELECT count(*) FROM job") ?? 0
        guard all < limits.jobsMax else {
            throw ProviderError(.storageFull, "there are \(all) jobs, and jobs_max is \(limits.jobsMax)")
        }
    }

    fileprivate func insert(_ job: NewJob) throws {
        try execute(
            sql: """
                INSERT INTO job (uuid, principal, served_id, kind, request, base, folder, rows, validation, status,
                    scheduled_at, resources)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
            arguments: [
                job.request.jobUUID, job.principal, job.servedID, job.request.kind.rawValue,
                Data(job.request.storedJSON.bytes), Data(job.base.json.bytes), job.folder,
                job.rows.map { Data($0.json.bytes) }, job.validation.map { Data($0.json.bytes) },
                PostTrainingJobStatus.scheduled.rawValue, job.scheduledAt.stored,
                Data(JSON.object(job.resources).bytes),
            ])
    }

    fileprivate func status(_ id: Int64) throws -> PostTrainingJobStatus {
        let word = try String.fetchOne(self, sql: "SELECT status FROM job WHERE id = ?", arguments: [id])
        return word.flatMap(PostTrainingJobStatus.init(rawValue:)) ?? .failed
    }

    fileprivate func move(_ id: Int64, to status: PostTrainingJobStatus, _ reason: String?, at date: Date) throws {
        let before = try self.status(id)
        precondition(before.next.contains(status), "a job can't go from \(before) to \(status)")
        try execute(sql: "UPDATE job SET status = ? WHERE id = ?", arguments: [status.rawValue, id])
        try note(id, status, reason, at: date)
    }

    fileprivate func note(_ id: Int64, _ status: PostTrainingJobStatus, _ reason: String?, at date: Date) throws {
        try execute(
            sql: "INSERT INTO transition (job, at, status, reason) VALUES (?, ?, ?, ?)",
            arguments: [id, date.stored, status.rawValue, reason])
    }

    /// In the order in which they were accepted.
    fileprivate func jobs(_ condition: String, _ arguments: StatementArguments) throws -> [Job] {
        try Row.fetchAll(
            self,
            sql: """
                SELECT id, uuid, principal, kind, request, base, served_id, folder, rows, validation, scheduled_at,
                    status, started_at, completed_at, deaths, resources
                FROM job WHERE \(condition) ORDER BY id
                """, arguments: arguments
        ).map(Job.init(row:))
    }
}

extension Job {
    fileprivate init(row: Row) throws {
        let uuid: String = row[1]
        func json(_ place: Int) throws -> JSON {
            let data: Data = row[place]
            return try JSON(parsing: [UInt8](data), limits: JSONLimits(bodyBytesMax: max(1, data.count)))
        }
        do {
            guard let kind = JobRequest.Kind(rawValue: row[3]), let status = PostTrainingJobStatus(rawValue: row[11])
            else { throw WireError(.root["status"], "is unknown") }
            let validation: Data? = row[9]
            self.init(
                id: row[0], uuid: uuid, principal: row[2], request: try JobRequest(kind, stored: try json(4)),
                base: try BaseModel(json: try json(5), at: .root), servedID: row[6], folder: row[7],
                rows: try DatasetCopy(json: try json(8), at: .root),
                validation: validation == nil ? nil : try DatasetCopy(json: try json(9), at: .root),
                scheduledAt: Date(timeIntervalSince1970: row[10]), status: status,
                startedAt: (row[12] as Double?).map(Date.init(timeIntervalSince1970:)),
                completedAt: (row[13] as Double?).map(Date.init(timeIntervalSince1970:)), deaths: row[14],
                resources: try json(15).objectValue ?? [:])
        } catch let error as WireError {
            throw ProviderError(
                .providerUnavailable, "the job '\(uuid)' is damaged on disk: \(error.field) \(error.message)")
        }
    }
}
