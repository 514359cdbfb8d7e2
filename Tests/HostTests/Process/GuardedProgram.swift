import Foundation

/// `Tests/Fixtures/process-guard/program.c` with the sources of CProcessGuard: a process of its own for what ends one,
/// or changes what all of it shares.
enum GuardedProgram {
    struct Run {
        enum End: Equatable { case exit(Int32), signal(Int32) }
        var end: End
        var output: String
        var errors: String
    }

    private static let fixtures = ProbeLibrary.root + "/Tests/Fixtures/process-guard"
    private static let sources = ProbeLibrary.root + "/Sources/CProcessGuard"

    static let library = Result { try ProbeLibrary.build([], source: fixtures + "/library.c") }

    private static let program = Result<String, any Error> {
        let path = ProbeLibrary.folder + "/guarded-program"
        let files = try FileManager.default.contentsOfDirectory(atPath: sources).filter { $0.hasSuffix(".c") }
        let compiler = Process()
        compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        compiler.arguments =
            ["cc", "-O1", "-pthread", "-I", sources + "/include", "-o", path, fixtures + "/program.c"]
            + files.sorted().map { sources + "/" + $0 }
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else {
            throw ProbeLibrary.Failure(description: "cc can't build \(path)")
        }
        return path
    }

    /// Runs it in a mode; its library does `what`. Output goes to files: children that it leaves behind keep them open.
    static func run(
        _ mode: String, _ what: String, _ more: [String] = [], environment: [String: String] = [:]
    ) throws -> Run {
        let outputFile = try File(), errorFile = try File()
        let end = try spawn(
            [try program.get(), try library.get(), mode, what] + more, environment.map { "\($0)=\($1)" },
            [FileHandle.nullDevice.fileDescriptor, outputFile.handle.fileDescriptor, errorFile.handle.fileDescriptor])
        return Run(end: end, output: try outputFile.text(), errors: try errorFile.text())
    }

    /// Waits for this process alone. Foundation's waits until no process holds a socket of it, children that it left
    /// included.
    private static func spawn(_ arguments: [String], _ environment: [String], _ files: [Int32]) throws -> Run.End {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, file) in files.enumerated() { posix_spawn_file_actions_adddup2(&actions, file, Int32(number)) }
        let words = arguments.map { strdup($0) } + [nil], variables = environment.map { strdup($0) } + [nil]
        defer { for text in words + variables { free(text) } }
        var pid: pid_t = 0
        let error = posix_spawn(&pid, arguments[0], &actions, nil, words, variables)
        guard error == 0 else { throw ProbeLibrary.Failure(description: String(cString: strerror(error))) }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return status & 0x7F == 0 ? .exit((status >> 8) & 0xFF) : .signal(status & 0x7F)
    }

    private struct File {
        let path = "\(ProbeLibrary.folder)/output-\(UUID().uuidString)"
        let handle: FileHandle

        init() throws {
            _ = FileManager.default.createFile(atPath: path, contents: nil)
            handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        }

        func text() throws -> String {
            defer { unlink(path) }
            return try String(contentsOfFile: path, encoding: .utf8)
        }
    }
}
