import Foundation
import ProviderConformance
import Testing

/// What the kit reads from a library's file, without running it.
struct FileFaultTests {
    static let shown = [
        "needs only libraries that are there", "exports its entry and nothing else",
        "defines no name that the server's libraries define", "shares no variable with other libraries by accident",
        "asks for no executable stack and no writable code",
    ]

    private func build(_ source: String, _ name: String, _ flags: [String]) throws -> String {
        let file = ProbeLibrary.folder + "/\(name)"
        try source.write(toFile: file, atomically: true, encoding: .utf8)
        return try ProbeLibrary.build([], source: file, more: flags)
    }

    private func result(_ library: String, _ check: String) async throws -> CheckResult {
        let report = await ConformanceKit.run(library, only: [check], seconds: 5)
        return try #require(report.results.first { $0.check == check })
    }

    @Test func `a library that needs one which is not there fails with its name`() async throws {
        let needed = ProbeLibrary.folder + "/libnothere.so.3"
        _ = try build("int nothere(void) { return 1; }", "nothere.c", ["-Wl,-soname,libnothere.so.3", "-o", needed])
        let library = try build(
            "int nothere(void); int probe(void) { return nothere(); }", "needs.c", [needed])
        try FileManager.default.removeItem(atPath: needed)
        let result = try await result(library, "needs only libraries that are there")
        #expect(result.outcome == .failed)
        #expect(result.detail.contains("libnothere.so.3: neither in the system"), "\(result)")
    }

    @Test func `a bundled library of a name that the server has is said never to be loaded`() async throws {
        let own = ProbeLibrary.folder + "/libyaml-0.so.2"
        _ = try build("int ours(void) { return 1; }", "yaml.c", ["-Wl,-soname,libyaml-0.so.2", "-o", own])
        let library = try build(
            "int ours(void); int probe(void) { return ours(); }", "bundles.c", [own, "-Wl,-rpath,$ORIGIN"])
        let result = try await result(library, "needs only libraries that are there")
        #expect(result.outcome == .warning)
        #expect(result.detail.contains("is never loaded: the server has"), "\(result)")
    }

    @Test func `names beside the entry are a warning that counts them`() async throws {
        let library = try build(
            "int llama_stack_provider_v1(void) { return 0; } int helper(void) { return 1; }", "exports.c", [])
        let result = try await result(library, "exports its entry and nothing else")
        #expect(result.outcome == .warning)
        #expect(result.detail.contains("exports 1 names beside llama_stack_provider_v1: helper"), "\(result)")
    }

    @Test func `a name of the server's own libraries is a warning that says whose is used`() async throws {
        let source = "const char *yaml_get_version_string(void) { return \"9.9.9-mine\"; }"
        let check = "defines no name that the server's libraries define"
        let open = try await result(try build(source, "clash.c", []), check)
        #expect(open.outcome == .warning)
        #expect(open.detail.contains("yaml_get_version_string (libyaml-0.so.2)"), "\(open)")
        #expect(open.detail.contains("the server's are used, by the library's own calls too"))
        let symbolic = try await result(try build(source, "clash.c", ["-Wl,-Bsymbolic"]), check)
        #expect(symbolic.detail.contains("-Bsymbolic"))
        let hidden = try await result(try build(source, "clash.c", ["-fvisibility=hidden"]), check)
        #expect(hidden.outcome == .passed)
    }

    @Test func `a unique symbol of C++ is a warning`() async throws {
        let library = try build(
            "template <class T> struct Registry { static int value; };\n"
                + "template <class T> int Registry<T>::value = 1;\nint probe() { return Registry<int>::value; }",
            "unique.cpp", ["-lstdc++"])
        let result = try await result(library, "shares no variable with other libraries by accident")
        #expect(result.outcome == .warning)
        #expect(result.detail.contains("1 symbols are STB_GNU_UNIQUE"), "\(result)")
    }

    @Test func `an executable stack fails`() async throws {
        let library = try build("int probe(void) { return 1; }", "stack.c", ["-Wl,-z,execstack"])
        let result = try await result(library, "asks for no executable stack and no writable code")
        #expect(result.outcome == .failed)
        #expect(result.detail.contains("executable stack"), "\(result)")
    }

    @Test func `a file that is no library fails every check of the file, and is not loaded`() async throws {
        let file = ProbeLibrary.folder + "/libprovider-none.so"
        try "hello\n".write(toFile: file, atomically: true, encoding: .utf8)
        let report = await ConformanceKit.run(file, seconds: 5)
        #expect(report.failed.count == Self.shown.count + 1)
        #expect(report.failed.last?.detail.contains("is not a shared library") == true, "\(report.results)")
    }
}
