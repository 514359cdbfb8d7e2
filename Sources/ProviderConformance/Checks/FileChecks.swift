import CProviderABI
import ContractBridge
import Foundation

extension Check {
    static let fileChecks = [
        Check("needs only libraries that are there", .file) { context throws(CheckFailure) in
            let file = try context.elfFile(), host = HostLibraries(), path = context.setup.library
            let missing = file.needed.filter { host.find($0, neededBy: path, file) == nil }
            guard missing.isEmpty else {
                throw CheckFailure(
                    "\(missing.joined(separator: ", ")): neither in the system, nor in a folder of the library's own run path"
                        + " (\(file.runPaths.isEmpty ? "it has none" : file.runPaths.joined(separator: ":")))")
            }
            let shadowed = file.needed.compactMap { name -> String? in
                guard let hosts = host.libraries.first(where: { $0.name == name })?.path,
                    let own = host.own(name, path, file).first(where: FileManager.default.fileExists),
                    !Self.isSameFile(own, hosts)
                else { return nil }
                return
                    "\(name): \(own) is never loaded: the server has \(hosts) already, and a process has one of each name"
            }
            context.report.result(shadowed.isEmpty ? .passed : .warning, shadowed.joined(separator: "\n"))
        },
        Check("exports its entry and nothing else", .file) { context throws(CheckFailure) in
            let more = try context.elfFile().symbols.filter {
                $0.isDefined && !$0.isHidden && $0.name != LSP_ENTRY_SYMBOL && !Self.linkerNames.contains($0.name)
            }
            guard !more.isEmpty else { return context.report.result(.passed) }
            let isSwift = more.contains { $0.name.hasPrefix("$s") }
            context.report.result(
                .warning,
                "exports \(more.count) names beside \(LSP_ENTRY_SYMBOL): \(Self.names(more))\n"
                    + (isSwift
                        ? "usual for Swift; a version script for the linker hides them"
                        : "build with -fvisibility=hidden, and link with -Wl,--exclude-libs,ALL or a version script"))
        },
        Check("defines no name that the server's libraries define", .file) { context throws(CheckFailure) in
            let file = try context.elfFile()
            let definitions = HostLibraries().definitions()
            let clashes = file.symbols.filter {
                $0.isDefined && !$0.isHidden && $0.binding == ElfFile.globalBinding && definitions[$0.name] != nil
                    && !Self.linkerNames.contains($0.name)
            }
            guard !clashes.isEmpty else { return context.report.result(.passed) }
            let names = clashes.prefix(4).map { "\($0.name.prefix(80)) (\(definitions[$0.name] ?? ""))" }
            let which =
                file.bindsItselfFirst
                ? "the library's own are used inside it (-Bsymbolic)"
                : "the server's are used, by the library's own calls too"
            context.report.result(
                .warning,
                "defines \(clashes.count) names that the server has as well: \(names.joined(separator: ", "))"
                    + "\(clashes.count > 4 ? ", …" : "")\n\(which); hide them: -fvisibility=hidden, -Wl,--exclude-libs,ALL"
            )
        },
        Check("shares no variable with other libraries by accident", .file) { context throws(CheckFailure) in
            let unique = try context.elfFile().symbols.filter { $0.isDefined && $0.binding == ElfFile.uniqueBinding }
            guard !unique.isEmpty else { return context.report.result(.passed) }
            context.report.result(
                .warning,
                "\(unique.count) symbols are STB_GNU_UNIQUE: \(Self.names(unique))\n"
                    + "the first library in the process that has a name gives its variable to all others; build with "
                    + "-fno-gnu-unique, or make them hidden")
        },
        Check("asks for no executable stack and no writable code", .file) { context throws(CheckFailure) in
            let file = try context.elfFile()
            if file.needsExecutableStack {
                throw CheckFailure(
                    "it asks for an executable stack, for every thread of the server: assembly without a "
                        + ".note.GNU-stack section does, or -z execstack; new systems refuse to load it")
            }
            if file.hasTextRelocations {
                throw CheckFailure(
                    "its code must be changed when it is loaded (DT_TEXTREL): build all of it with -fPIC")
            }
        },
    ]

    /// Linkers give them to every library.
    private static let linkerNames = ["_init", "_fini", "__bss_start", "_edata", "_end", "_start", "__data_start"]

    /// The first few.
    private static func names(_ symbols: [ElfFile.Symbol]) -> String {
        symbols.prefix(4).map { Quote.line(String($0.name.prefix(80))) }.joined(separator: ", ")
            + (symbols.count > 4 ? ", …" : "")
    }

    private static func isSameFile(_ a: String, _ b: String) -> Bool {
        URL(fileURLWithPath: a).resolvingSymlinksInPath() == URL(fileURLWithPath: b).resolvingSymlinksInPath()
    }
}

extension CheckContext {
    fileprivate func elfFile() throws(CheckFailure) -> ElfFile {
        guard let file = ElfFile(setup.library) else {
            throw CheckFailure("\(setup.library) is not a 64-bit ELF file")
        }
        return file
    }
}
