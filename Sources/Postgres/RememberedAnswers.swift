import ProviderKit

/// Answers of changes that their clients may send again, kept in the transaction of the change.
package struct RememberedAnswers: Sendable {
    let settings: IdempotencySettings

    package init(_ settings: IdempotencySettings) { self.settings = settings }

    /// Makes the call's change and remembers its answer; of one that was made already, gives the answer alone. While
    /// the same call is under way on another connection, waits for its end. Throws 422 when the key was another
    /// request's.
    ///
    /// - Parameter request: nil: the change is made, and nothing remembered.
    package func once<Answer: WireValue>(
        _ request: IdempotentRequest?, _ session: Session, _ change: () throws -> Answer
    ) throws -> Answer {
        guard let request else { return try change() }
        let key = (Value.text(request.principal), Value.text(request.key))
        while true {
            try session.run(
                """
                DELETE FROM remembered_answer
                WHERE principal = $1 AND key = $2 AND created_at <= now() - make_interval(hours => $3::int)
                """, key.0, key.1, .int(Int64(settings.hoursKept)))
            let new = try session.run(
                """
                INSERT INTO remembered_answer (principal, key, method, fingerprint) VALUES ($1, $2, $3, $4)
                ON CONFLICT (principal, key) DO NOTHING
                """, key.0, key.1, .text(request.method), .int(request.fingerprint))
            if new.changed == 1 {
                let answer = try change()
                try session.run(
                    "UPDATE remembered_answer SET answer = $3 WHERE principal = $1 AND key = $2", key.0, key.1,
                    .bytes(answer.json.bytes))
                return answer
            }
            let known = try session.run(
                "SELECT method, fingerprint, answer FROM remembered_answer WHERE principal = $1 AND key = $2", key.0,
                key.1
            ).first
            // Gone between the two statements: it has become too old.
            guard let known else { continue }
            guard known.text(0) == request.method, known.int(1) == request.fingerprint else { throw request.mismatch }
            return try Answer(json: JSON(parsing: known.bytes(2), limits: JSONLimits(bodyBytesMax: .max)), at: .root)
        }
    }

    /// Forgets what is too old or too much.
    package func prune(_ session: Session) throws {
        try session.run(
            "DELETE FROM remembered_answer WHERE created_at <= now() - make_interval(hours => $1::int)",
            .int(Int64(settings.hoursKept)))
        // Ids only rise, so those from here on are at most `keysMax`.
        try session.run(
            "DELETE FROM remembered_answer WHERE id <= (SELECT max(id) FROM remembered_answer) - $1",
            .int(Int64(settings.keysMax)))
    }
}
