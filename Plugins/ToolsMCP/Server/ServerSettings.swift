import Foundation
import ProviderKit

/// The `config` of one tool group: a server.
struct ServerConfiguration: WireRecord, Equatable {
    var command: [String]?
    var env: [String: String]
    var cwd: String?
    var url: String?
    var headers: [String: String]
    var startSecondsMax: Double
    var callSecondsMax: Double

    static let object = Object(
        "ServerConfiguration", isComponent: false, Self.init,
        Field("command", \.command, "The program and its arguments: the server is a process that is started."),
        Field("env", \.env, default: [:], "The environment of the process: all of it."),
        Field(
            "cwd", \.cwd,
            "The working directory of the process, relative to the distribution's folder, which it is by "
                + "default."),
        Field("url", \.url, isServerURL: true, "Or the URL of the server, which speaks streamable HTTP."),
        Field("headers", \.headers, default: [:], "Headers of every request to the URL, such as Authorization."),
        Field(
            "start_seconds_max", \.startSecondsMax, default: 10, check: .within(0.1...600),
            "How long the server may take for each request that opens it, and for a page of its list."),
        Field(
            "call_seconds_max", \.callSecondsMax, default: 60, check: .within(0.1...3600),
            "How long a tool may take."))
}

/// The same, checked.
struct ServerSettings: Sendable {
    enum Way: Sendable {
        case command(ServerCommand)
        case url(String, headers: [HTTPField])
    }

    var way: Way
    private var configuration: ServerConfiguration

    /// Throws a `ConfigurationError` with every mistake.
    init(_ configuration: ServerConfiguration, _ context: ProviderContext) throws {
        self.configuration = configuration
        switch (configuration.command, configuration.url) {
        case (let command?, nil):
            guard configuration.headers.isEmpty else {
                throw ConfigurationError("/headers", "is for a server with a 'url'; one with a 'command' has 'env'")
            }
            way = .command(try ServerCommand(command, configuration, context))
        case (nil, let url?):
            guard configuration.env.isEmpty, configuration.cwd == nil else {
                throw ConfigurationError("", "must have a 'command' for 'env' and 'cwd'")
            }
            way = .url(url, headers: try Self.fields(configuration.headers))
        case (nil, nil): throw ConfigurationError("", "must have a 'command' or a 'url'")
        case (_?, _?): throw ConfigurationError("/url", "must not stand beside a 'command': a server has one of both")
        }
    }

    /// Headers that the protocol, or the connection, has for itself.
    private static let reserved = [
        "accept", "content-type", "content-length", "host", "connection", "transfer-encoding", "last-event-id",
    ]

    private static func fields(_ headers: [String: String]) throws -> [HTTPField] {
        try headers.sorted { $0.key < $1.key }.map { name, value in
            let small = name.lowercased()
            guard HTTPHeaderText.isToken(name), !reserved.contains(small), !small.hasPrefix("mcp-") else {
                throw ConfigurationError("/headers", "can't have the header '\(name)'")
            }
            // The value may be a secret: it is not said.
            guard value.utf8.allSatisfy({ (0x20...0x7E).contains($0) || $0 == 0x09 }) else {
                throw ConfigurationError("/headers", "has a value for '\(name)' that is not one line of plain ASCII")
            }
            return HTTPField(name, value)
        }
    }

    var startLimit: ServerRequest.Limit {
        ServerRequest.Limit(seconds: configuration.startSecondsMax, key: "start_seconds_max")
    }

    /// The tool's own limit, or what the call has left.
    func callLimit(_ deadline: ContinuousClock.Instant?) -> ServerRequest.Limit {
        let own = ServerRequest.Limit(seconds: configuration.callSecondsMax, key: "call_seconds_max")
        guard let deadline else { return own }
        let left = (deadline - .now).components
        let seconds = Double(left.seconds) + Double(left.attoseconds) / 1e18
        return seconds < own.seconds
            ? ServerRequest.Limit(seconds: max(0.001, seconds), key: "the call's deadline") : own
    }
}

extension ServerCommand {
    init(_ command: [String], _ configuration: ServerConfiguration, _ context: ProviderContext) throws {
        guard let name = command.first, !name.isEmpty else {
            throw ConfigurationError("/command", "must name a program")
        }
        folder = context.path(configuration.cwd ?? ".")
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
            throw ConfigurationError("/cwd", "names a folder that is not there: \(folder)")
        }
        let wrong = configuration.env.first {
            $0.key.isEmpty || $0.key.contains("=") || ($0.key + $0.value).utf8.contains(0)
        }
        if let wrong {
            throw ConfigurationError("/env", "has a name or a value that no environment can hold: '\(wrong.key)'")
        }
        program = try Self.find(name, context)
        arguments = Array(command.dropFirst())
        environment = configuration.env
    }

    /// A name without a slash is looked for as a shell would, in this process's PATH.
    private static func find(_ name: String, _ context: ProviderContext) throws -> String {
        let files = FileManager.default
        if name.contains("/") {
            let path = context.path(name)
            guard files.isExecutableFile(atPath: path) else {
                throw ConfigurationError("/command", "names a program that is not there: \(path)")
            }
            return path
        }
        let folders = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
        for folder in folders.split(separator: ":") where folder.hasPrefix("/") {
            let path = "\(folder)/\(name)"
            if files.isExecutableFile(atPath: path) { return path }
        }
        throw ConfigurationError("/command", "names the program '\(name)', which is not in \(folders)")
    }
}
