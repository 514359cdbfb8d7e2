import CPostgres
import Foundation

/// One connection through libpq, which never waits without a deadline. One thread alone may use it, and that one
/// blocks.
final class Connection {
    typealias Instant = ContinuousClock.Instant

    private let handle: OpaquePointer
    private let settings: ConnectionSettings
    /// When the server was last asked for something.
    private(set) var askedAt = Instant.now
    private var probeAt = Instant.now

    init(_ settings: ConnectionSettings, until deadline: Instant) throws {
        self.settings = settings
        guard let handle = Self.start(settings) else { throw PostgresError(.connection, "out of memory") }
        self.handle = handle
        // From here on an error runs `deinit`.
        try Self.finishStart(handle, until: deadline)
        PQsetErrorVerbosity(handle, PQERRORS_DEFAULT)
        PQsetnonblocking(handle, 1)
        // Notices are of no use here, and go to standard error by default.
        PQsetNoticeReceiver(handle, { _, _ in }, nil)
    }

    deinit { PQfinish(handle) }

    // MARK: Asking

    /// Statements without values, separated by semicolons; the answer of the last one that gives rows, or of the last.
    func run(_ sql: String, until deadline: Instant) throws -> Rows {
        try ask(until: deadline) { PQsendQuery(handle, sql) }
    }

    func prepare(_ name: String, _ sql: String, types: [UInt32], until deadline: Instant) throws {
        _ = try ask(until: deadline) { PQsendPrepare(handle, name, sql, Int32(types.count), types) }
    }

    func run(prepared name: String, _ values: BoundValues, until deadline: Instant) throws -> Rows {
        let formats = [Int32](repeating: 1, count: values.types.count)
        return try ask(until: deadline) {
            values.withPointers {
                PQsendQueryPrepared(handle, name, Int32($0.count), $0, values.lengths, formats, 1)
            }
        }
    }

    func run(_ sql: String, _ values: BoundValues, until deadline: Instant) throws -> Rows {
        let formats = [Int32](repeating: 1, count: values.types.count)
        return try ask(until: deadline) {
            values.withPointers {
                PQsendQueryParams(handle, sql, Int32($0.count), values.types, $0, values.lengths, formats, 1)
            }
        }
    }

    private func ask(until deadline: Instant, _ send: () -> Int32) throws -> Rows {
        askedAt = .now
        probeAt = askedAt + .seconds(settings.silenceSeconds)
        guard send() == 1 else { throw lost }
        while true {
            let left = PQflush(handle)
            if left == 0 { break }
            guard left == 1 else { throw lost }
            try wait(POLLIN | POLLOUT, until: deadline)
            guard PQconsumeInput(handle) == 1 else { throw lost }
        }
        var rows: Rows?
        var failure: PostgresError?
        while true {
            while PQisBusy(handle) == 1 {
                try wait(POLLIN, until: deadline)
                guard PQconsumeInput(handle) == 1 else { throw lost }
            }
            guard let result = PQgetResult(handle) else { break }
            switch PQresultStatus(result) {
            case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY: rows = Rows(result)
            default:
                failure = failure ?? Self.error(of: result)
                PQclear(result)
            }
        }
        if PQstatus(handle) != CONNECTION_OK {
            throw PostgresError(.connection, sqlState: failure?.sqlState ?? "", failure?.message ?? message)
        }
        if let failure { throw failure }
        guard let rows else { throw lost }
        return rows
    }

    private static func error(of result: OpaquePointer) -> PostgresError {
        // 'C': PG_DIAG_SQLSTATE, 'M': PG_DIAG_MESSAGE_PRIMARY.
        func field(_ code: Character) -> String? {
            PQresultErrorField(result, Int32(code.asciiValue ?? 0)).map { String(cString: $0) }
        }
        return PostgresError(
            .statement, sqlState: field("C") ?? "", field("M") ?? String(cString: PQresultErrorMessage(result)))
    }

    private var message: String {
        String(cString: PQerrorMessage(handle)).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    private var lost: PostgresError { PostgresError(.connection, message) }

    // MARK: Waiting

    /// Until the socket is ready. A server that has been silent for a while is asked on another connection whether it
    /// lives: a long search and a stopped machine look the same on this one.
    private func wait(_ events: Int32, until deadline: Instant) throws {
        while true {
            guard PQsocket(handle) >= 0 else { throw lost }
            if Self.poll(PQsocket(handle), events, until: min(deadline, probeAt)) { return }
            guard .now < deadline else { throw PostgresError(.connection, "the server did not answer in time") }
            if .now >= probeAt {
                guard isServerAlive else { throw PostgresError(.connection, "the server does not answer") }
                probeAt = .now + .seconds(5 * settings.silenceSeconds)
            }
        }
    }

    /// Whatever it answers, also that it takes no more connections.
    private var isServerAlive: Bool {
        guard let probe = Self.start(settings) else { return true }
        defer { PQfinish(probe) }
        do {
            try Self.finishStart(probe, until: .now + .seconds(settings.silenceSeconds))
            return true
        } catch { return (error as? PostgresError)?.sqlState.isEmpty == false }
    }

    /// False when the deadline comes first.
    private static func poll(_ socket: Int32, _ events: Int32, until deadline: Instant) -> Bool {
        while true {
            let milliseconds = max(0, ((deadline - .now) / .milliseconds(1)).rounded(.up))
            var entry = pollfd(fd: socket, events: Int16(truncatingIfNeeded: events), revents: 0)
            let ready = Foundation.poll(&entry, 1, Int32(min(milliseconds, 60_000)))
            if ready > 0 { return true }
            if ready < 0, errno != EINTR { return true }
            if .now >= deadline { return false }
        }
    }

    // MARK: Connecting

    private static func start(_ settings: ConnectionSettings) -> OpaquePointer? {
        let keys = settings.parameters.map { strdup($0.key) }
        let values = settings.parameters.map { strdup($0.value) }
        defer { (keys + values).forEach { free($0) } }
        // A `dbname` that is a URL or a list of settings is taken apart.
        return PQconnectStartParams(
            keys.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 1)
    }

    private static func finishStart(_ handle: OpaquePointer, until deadline: Instant) throws {
        // So that the message holds the SQLSTATE, which libpq has no other word for here.
        PQsetErrorVerbosity(handle, PQERRORS_VERBOSE)
        var state = PQstatus(handle) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
        while state != PGRES_POLLING_OK {
            guard state != PGRES_POLLING_FAILED else {
                let lines = String(cString: PQerrorMessage(handle)).split(separator: "\n")
                let message = lines.filter { !$0.hasPrefix("LOCATION:") }.joined(separator: "; ")
                throw PostgresError(.connection, sqlState: sqlState(in: message), message)
            }
            let events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT
            guard poll(PQsocket(handle), events, until: deadline) else {
                throw PostgresError(.connection, "the server did not take the connection in time")
            }
            state = PQconnectPoll(handle)
        }
    }

    /// The SQLSTATE of `… FATAL:  28P01: password authentication failed …`.
    private static func sqlState(in message: String) -> String {
        for part in message.components(separatedBy: ":  ").dropFirst() {
            let code = part.prefix(5)
            if code.count == 5, part.dropFirst(5).hasPrefix(":"),
                code.allSatisfy({ $0.isASCII && ($0.isNumber || $0.isUppercase) })
            {
                return String(code)
            }
        }
        return ""
    }
}
