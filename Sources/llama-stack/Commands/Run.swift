import ArgumentParser
import CommandSupport
import Foundation
import HTTPFront
import Host
import LlamaStackAPI

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Serve a distribution over HTTP.",
        discussion: """
            Prints one line when it is ready, logs to standard error, and stops on SIGTERM or SIGINT after the running \
            answers have ended (at most server.limits.drain_seconds). A second signal ends it at once. SIGHUP reads the \
            distribution again, as `reload` does; with a controlling terminal it stops the server like SIGTERM.
            """)

    @OptionGroup var distribution: DistributionArgument
    @Option(help: "Address to listen on, in place of the file's.") var host: String?
    @Option(help: "Port to listen on, in place of the file's; 0 takes a free one.") var port: Int?
    @OptionGroup var logging: LogOptions

    func validate() throws {
        if let port, !(0...65535).contains(port) { throw ValidationError("--port must be 0 to 65535, got \(port)") }
    }

    func run() async throws {
        let start = ContinuousClock.now
        let hangups = Hangups()
        var manifest = overridden(try distribution.manifest())
        try manifest.server.checkNotExposed()
        let fitting = DescriptorLimit.raised()
        if manifest.server.limits.connectionsMax > fitting {
            logging.output.sink.log(
                .warning,
                "connections_max is \(manifest.server.limits.connectionsMax), but this process may open too few files: "
                    + "\(fitting) connections are taken at once (`ulimit -n` raises it)")
            manifest.server.limits.connectionsMax = fitting
        }
        let settings = manifest.server
        let stack = try await RunningStack.start(manifest, logging.output, source: source)
        stack.serveControl()
        let server = HTTPFront(
            stack: stack, settings: settings, endsAtHangup: hangups == nil && Hangups.mayEnd,
            logger: logging.output.logger())
        do {
            try await server.run { port in
                let took = Int((ContinuousClock.now - start) / .milliseconds(1))
                Output.announce(
                    StartLine.text(stack.summary, host: settings.host, port: port, milliseconds: took),
                    log: logging.output.sink)
                hangups?.reload(stack, log: logging.output.sink)
            }
        } catch {
            await stack.shutdown(withinSeconds: 5)
            throw Fail.with(
                "error: can't listen on \(settings.host):\(settings.port): \(error)\n"
                    + "  hint: is another server running there? `--port 0` takes a free port", exitCode: 69)
        }
        await stack.shutdown(withinSeconds: 5)
    }

    /// With what the command line says in place of the file.
    private func overridden(_ manifest: Manifest) -> Manifest {
        var manifest = manifest
        if let host { manifest.server.host = host }
        if let port { manifest.server.port = port }
        return manifest
    }

    /// Reads the file again; nil where it came through a pipe.
    private var source: Stack.Source? {
        let file = distribution.file, environment = ProcessInfo.processInfo.environment
        guard Manifest.canBeReadAgain(path: file) else { return nil }
        return {
            Result { () throws(StartFailure) in overridden(try Manifest.load(path: file, environment: environment)) }
        }
    }
}

/// The line that `run` prints when it is ready.
enum StartLine {
    static func text(_ summary: Summary, host: String, port: Int, milliseconds: Int) -> String {
        let address = host.contains(":") ? "[\(host)]" : host
        let apis = summary.apis.map(\.rawValue).joined(separator: ", ")
        let providers = summary.providers.map { "\($0.api.rawValue)/\($0.providerID)" }.joined(separator: ", ")
        var line = "ready: http://\(address):\(port)  apis: \(apis)  providers: \(providers)"
        for kind in ResourceKind.all {
            let ids = summary.resources(kind).map(\.id)
            if !ids.isEmpty { line += "  \(kind.titles): \(ids.joined(separator: ", "))" }
        }
        for failed in summary.failed { line += "  without \(failed.name) (\(failed.reason))" }
        return line + "  (\(milliseconds) ms)"
    }
}

extension ServerSettings {
    /// For what the command's options have changed: the file was checked. An address that others can reach needs
    /// `insecure: true` until keys exist.
    func checkNotExposed() throws {
        guard isExposed else { return }
        throw Fail.with(
            "error: \(host) can be reached by others and this server asks for no key\n"
                + "  hint: listen on 127.0.0.1, or write `insecure: true` under `server` if the network is trusted",
            exitCode: 78)
    }
}
