import Foundation

/// Libraries built from `Tests/Fixtures/broken-providers/provider.c`.
enum BrokenProvider {
    /// The path of the library that breaks the contract in this way.
    static func build(_ macro: String, in folder: TemporaryFolder) throws -> String {
        try compile(
            ["-D" + macro, Setting.fixtures + "/broken-providers/provider.c"],
            to: folder.path + "/libprovider-inference-probe.so")
    }

    /// The library of faults, which one in the environment.
    static func faults(in folder: TemporaryFolder) throws -> String {
        let echo = Setting.root + "/Plugins/EchoC"
        return try compile(
            [
                "-fvisibility=hidden", "-w", "-I", echo, Setting.fixtures + "/broken-providers/faults.c",
                echo + "/json.c", echo + "/requests.c",
            ], to: folder.path + "/libfaults-provider.so")
    }

    private static func compile(_ arguments: [String], to library: String) throws -> String {
        let compiler = try ChildProcess(
            "/usr/bin/env",
            ["cc", "-shared", "-fPIC", "-pthread", "-I", Setting.root + "/Sources/CProviderABI/include", "-o", library]
                + arguments)
        defer { compiler.end() }
        guard compiler.wait(seconds: 60) == .exit(0) else { throw Missing("cc failed: \(compiler.errors)") }
        return library
    }
}
