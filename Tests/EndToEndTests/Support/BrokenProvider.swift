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
        let library = folder.path + "/" + name
        let compiler = try ChildProcess(
            "/usr/bin/env",
            [
                "cc", "-shared", "-fPIC", "-pthread", "-I", Setting.root + "/Sources/CProviderABI/include",
                "-D" + macro, "-o", library, Setting.fixtures + "/\(fixture)/provider.c",
            ])
        defer { compiler.end() }
        guard compiler.wait(seconds: 60) == .exit(0) else { throw Missing("cc failed: \(compiler.errors)") }
        return library
    }
}
