import Foundation

/// Libraries built from `Tests/Fixtures/broken-providers/provider.c`, or from another of the fixtures.
enum BrokenProvider {
    /// The path of the library that breaks the contract in this way.
    ///
    /// - Parameter fixture: the folder of `provider.c`.
    static func build(
        _ macro: String, in folder: TemporaryFolder, fixture: String = "broken-providers",
        name: String = "libprovider-inference-probe.so"
    ) throws -> String {
        try compile(["-D" + macro, Setting.fixtures + "/\(fixture)/provider.c"], to: folder.path + "/" + name)
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
