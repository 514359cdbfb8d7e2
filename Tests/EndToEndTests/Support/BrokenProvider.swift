import Foundation

/// Libraries built from `Tests/Fixtures/broken-providers/provider.c`.
enum BrokenProvider {
    /// The path of the library that breaks the contract in this way.
    static func build(_ macro: String, in folder: TemporaryFolder) throws -> String {
        let library = folder.path + "/libprovider-inference-probe.so"
        let compiler = try ChildProcess(
            "/usr/bin/env",
            [
                "cc", "-shared", "-fPIC", "-pthread", "-I", Setting.root + "/Sources/CProviderABI/include",
                "-D" + macro, "-o", library, Setting.fixtures + "/broken-providers/provider.c",
            ])
        defer { compiler.end() }
        guard compiler.wait(seconds: 60) == .exit(0) else { throw Missing("cc failed: \(compiler.errors)") }
        return library
    }
}
