import Foundation
import LlamaStackAPI
import Testing

@testable import Host
@testable import Runtimes

/// What the host says of libraries that it can't use. It must never go down with them.
struct LoaderTests {
    private func refusal(_ path: String) -> PluginRefusal? {
        do {
            _ = try PluginLibrary.load(path)
            return nil
        } catch {
            return error
        }
    }

    private func write(_ bytes: [UInt8], _ name: String) throws -> String {
        let path = ProbeLibrary.folder + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    static let members: [(macro: String, wanted: String)] =
        [
            "API", "TYPE", "VERSION", "RUNTIME", "DESCRIPTION", "CONFIG_SCHEMA", "METHODS", "NEEDS", "CREATE", "INVOKE",
            "CANCEL", "DESTROY",
        ]
        .map { ("NULL_" + $0, "provider 0: '\($0.lowercased())' is NULL") }
        + [
            ("NULL_PROVIDER", "lsp_module.providers[0] is NULL"), ("NULL_PROVIDERS", "lsp_module.providers is NULL"),
            ("NULL_MODULE", "llama_stack_provider_v1 answered NULL"),
            ("BREAK_MODULE_SIZE", "lsp_module.struct_size is 8, wanted at least 24"),
            ("BREAK_PROVIDER_SIZE", "provider 0: lsp_provider.struct_size is 40, wanted at least 112"),
            ("BREAK_NO_PROVIDERS", "lsp_module.provider_count is 0, wanted 1 to 256"),
            ("ENTRY=something_else", "is not a Llama Stack provider: it does not export llama_stack_provider_v1"),
            (
                "ENTRY=llama_stack_provider_v2",
                "speaks version 2 of the provider contract (llama_stack_provider_v2); this host speaks version 1"
            ),
            ("ABI_MINOR=7", "was built for version 1.7 of the provider contract; this host speaks 1.1"),
            ("PROVIDER_SCHEMA=\"{\"", "provider 0: 'config_schema' is not valid JSON"),
            ("PROVIDER_SCHEMA=\"[]\"", "provider 0: 'config_schema' must describe an object"),
            (
                "PROVIDER_SCHEMA=\"{\\\"type\\\":\\\"object\\\",\\\"requird\\\":[]}\"",
                "provider 0: 'config_schema' has an unknown keyword 'requird' (did you mean 'required'?)"
            ),
            ("PROVIDER_METHODS=\"{}\"", "provider 0: 'methods' must be an array"),
            ("PROVIDER_NEEDS=\"[1]\"", "provider 0: 'needs' must be an array of strings, got a number"),
        ]

    @Test("a library with a damaged descriptor is refused, and the member named", arguments: members.indices)
    func damaged(_ index: Int) throws {
        let (macro, wanted) = Self.members[index]
        let path = try ProbeLibrary.build(macro)
        let refusal = try #require(self.refusal(path))
        #expect(refusal.message.hasPrefix("\(path): " + wanted), "\(refusal.message)")
    }

    @Test("a file that is no library is refused")
    func noLibrary() throws {
        let path = try write(Array("#!/bin/sh\necho no\n".utf8), "script.so")
        #expect(refusal(path)?.message == "\(path): is not a shared library (no ELF header)")
    }

    @Test("an empty file is refused")
    func empty() throws {
        let path = try write([], "empty.so")
        #expect(refusal(path)?.code == "not_a_library")
    }

    @Test("a folder is refused")
    func folder() throws {
        #expect(refusal("/tmp")?.message == "/tmp: is not a regular file")
    }

    @Test("a library of another architecture is refused, and both are named")
    func wrongArchitecture() throws {
        var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: try ProbeLibrary.build())))
        bytes[18] = 243
        let path = try write(bytes, "riscv.so")
        #expect(
            refusal(path)?.message
                == "\(path): was built for RISC-V; this machine is \(PluginFile.ownMachine.name)")
    }

    @Test("a library cut off anywhere is refused, not loaded and not fatal")
    func truncated() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: try ProbeLibrary.build())))
        for count in stride(from: 0, to: bytes.count, by: 128) {
            let path = try write(Array(bytes.prefix(count)), "cut-\(count).so")
            let refusal = self.refusal(path)
            #expect(refusal != nil, "\(count) of \(bytes.count) bytes")
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test("headers full of nonsense are refused, not fatal")
    func nonsense() throws {
        let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: try ProbeLibrary.build())))
        for offset in 32..<64 {
            var changed = bytes
            changed[offset] ^= 0xff
            let path = try write(changed, "nonsense-\(offset).so")
            do throws(PluginRefusal) { try PluginFile.check(path) } catch { #expect(error.message.hasPrefix(path)) }
            try FileManager.default.removeItem(atPath: path)
        }
    }

    @Test("a provider of another Swift is refused, and both versions are named")
    func otherRuntime() throws {
        let path = try ProbeLibrary.build("PROVIDER_RUNTIME=\"swift 5.9\"")
        let library = try PluginLibrary.load(path)
        let error = #expect(throws: PluginRefusal.self) {
            _ = try library.description.provider(api: "inference", type: "inline::probe")
        }
        #expect(error?.message == "\(path): was built with 'swift 5.9'; this host runs '\(SwiftRuntime.own)'")
    }

    @Test(
        "a runtime that is not Swift's and not none is the library's mistake, and Swift is not blamed",
        arguments: ["go 1.23", "c++17", "python 3.12", ""])
    func foreignRuntime(_ runtime: String) throws {
        let path = try ProbeLibrary.build("PROVIDER_RUNTIME=\"\(runtime)\"")
        let library = try PluginLibrary.load(path)
        let error = #expect(throws: PluginRefusal.self) {
            _ = try library.description.provider(api: "inference", type: "inline::probe")
        }
        #expect(
            error?.message == "\(path): 'runtime' is '\(runtime)'; it must be 'none' for every language but Swift")
        #expect(error?.hint == "set 'runtime' of its lsp_provider to \"none\" and build it again")
    }

    @Test("a type that the library does not hold is refused, and what it holds is listed")
    func otherType() throws {
        let path = try ProbeLibrary.build()
        let library = try PluginLibrary.load(path)
        let error = #expect(throws: PluginRefusal.self) {
            _ = try library.description.provider(api: "inference", type: "inline::cpu")
        }
        #expect(error?.message == "\(path): has no inference inline::cpu; it holds inference inline::probe")
    }

    @Test("a missing library is refused with every place that was looked in")
    func missing() throws {
        let search = PluginSearch(providerPath: ["/a"], environment: ["LLAMA_STACK_PROVIDER_PATH": "/b:/c"])
        let error = #expect(throws: PluginRefusal.self) {
            _ = try search.find(api: "memory_banks", type: "inline::sql_lite", library: nil, directory: "/d")
        }
        #expect(
            error?.message
                == "no provider library libprovider-memory-banks-sql-lite.so for memory_banks inline::sql_lite")
        let own = try #require(PluginSearch.executableFolder)
        #expect(search.folders.prefix(3) == ["/a", "/b", "/c"])
        #expect(search.folders.last == own)
        for folder in search.folders { #expect(error?.hint?.contains(folder) == true) }
    }

    /// Empty files in a folder of their own, and a search there.
    private func search(in files: String...) throws -> (PluginSearch, folder: String) {
        let folder = ProbeLibrary.folder + "/search-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for file in files { try Data().write(to: URL(fileURLWithPath: folder + "/" + file)) }
        var search = PluginSearch(providerPath: [], environment: [:])
        search.folders = [folder]
        return (search, folder)
    }

    @Test(
        "a library is found under the name that cargo gives it",
        arguments: [
            "libprovider_inference_echo_rust.so", "libprovider-inference-echo-rust.so",
            "libprovider-inference-echo_rust.so",
        ])
    func underscores(_ file: String) throws {
        let (search, folder) = try search(in: file, "libprovider-inference-echo.so")
        for library in [nil, "inference-echo-rust", "inference_echo_rust", "libprovider_inference_echo_rust.so"] {
            let found = try search.find(
                api: "inference", type: "inline::echo-rust", library: library, directory: "/nowhere")
            #expect(found == folder + "/" + file)
        }
        #expect(search.libraries.contains(folder + "/" + file))
    }

    @Test("of two spellings of one name in a folder the exact one is taken, and only one is listed")
    func twoSpellings() throws {
        let (search, folder) = try search(in: "libprovider_datasets_x.so", "libprovider-datasets-x.so")
        let wanted = folder + "/libprovider-datasets-x.so"
        #expect(try search.find(api: "datasets", type: "inline::x", library: nil, directory: "/") == wanted)
        #expect(search.libraries == [wanted])
    }

    @Test(
        "a file that was probably meant is named, with what to do",
        arguments: [
            "provider-inference-parrot.so", "libprovider-inference-parrot.so.1", "libprovider-inference-parot.dylib",
            "libparrot_provider.so", "LibProvider-Inference-Parrot.so",
        ])
    func nearMiss(_ file: String) throws {
        let (search, folder) = try search(in: "README.md", "libm.so.6", "libprovider-inference-other.so", file)
        let error = #expect(throws: PluginRefusal.self) {
            _ = try search.find(api: "inference", type: "inline::parrot", library: nil, directory: "/nowhere")
        }
        let path = folder + "/" + file
        #expect(error?.hint?.hasPrefix("\(path) is there: rename it, or set 'library: \(path)'; looked in") == true)
    }

    @Test("neither another provider nor a library of something else is taken for a slip of the pen")
    func noNearMiss() throws {
        let (search, folder) = try search(
            in: "libprovider-inference-cpu.so", "provider-inference-gpu.so", "libz.so.1", "fox")
        let error = #expect(throws: PluginRefusal.self) {
            _ = try search.find(api: "inference", type: "inline::foo", library: nil, directory: "/nowhere")
        }
        #expect(error?.hint?.hasPrefix("looked in \(folder)") == true, "\(error?.hint ?? "")")
    }

    @Test("a library's own path is relative to the distribution")
    func ownPath() throws {
        let path = try ProbeLibrary.build()
        let name = URL(fileURLWithPath: path).lastPathComponent
        let search = PluginSearch(providerPath: [], environment: [:])
        let found = try search.find(
            api: "inference", type: "inline::probe", library: "./" + name, directory: ProbeLibrary.folder)
        #expect(found == path)
    }

    @Test("an inspection shows what a library holds")
    func inspection() throws {
        let path = try ProbeLibrary.build()
        let inspection = PluginInspection(try PluginLibrary.load(path).description)
        let text = inspection.text
        #expect(text.contains("inference inline::probe 1.0.0"))
        #expect(text.contains("methods  chat_completion (streams), completion (streams)"))
        #expect(text.contains("events: integer, default 8"))
        #expect(inspection.json["abi"] == "1.1")
    }
}
