import Foundation
import LlamaStackAPI
import Testing

/// What a crash leaves behind.
struct CrashGuardTests {
    struct Crash: Sendable, CustomTestStringConvertible {
        var what: String
        var signal: Int32
        var name: String
        /// Of the place, after "at".
        var place: String
        var testDescription: String { what }
    }

    private static let library = #"libprovider-probe-\d+\.so\+0x[0-9a-f]+"#

    static let crashes = [
        Crash(what: "null", signal: SIGSEGV, name: "SIGSEGV", place: library),
        Crash(what: "call null", signal: SIGSEGV, name: "SIGSEGV", place: "0x0, called from \(library)"),
        Crash(what: "overflow", signal: SIGSEGV, name: "SIGSEGV", place: library),
        Crash(what: "bus", signal: SIGBUS, name: "SIGBUS", place: library),
        Crash(
            what: "abort", signal: SIGABRT, name: "SIGABRT",
            place: #"libc\.so\.6\+0x[0-9a-f]+, called from \#(library)"#),
        Crash(
            what: "double free", signal: SIGABRT, name: "SIGABRT",
            place: #"libc\.so\.6\+0x[0-9a-f]+, called from \#(library)"#),
        Crash(
            what: "breakpoint", signal: SIGTRAP, name: "SIGTRAP",
            place: #"libc\.so\.6\+0x[0-9a-f]+, called from \#(library)"#),
    ]

    @Test(
        "a crash says its signal, its place, thread, provider, method and request, and ends by that signal",
        arguments: crashes)
    func line(_ crash: Crash) throws {
        let run = try GuardedProgram.run("crash", crash.what)
        #expect(run.end == .signal(crash.signal))
        let line = try #require(run.errors.split(separator: "\n").last { $0.hasPrefix("llama-stack:") })
        let expected = try Regex(
            "^llama-stack: \(crash.name) at \(crash.place), thread \"guarded-program\" \\(\\d+\\), in inference/\\?bad\\?\\? "
                + "chat_completion, request request-7$")
        #expect(line.contains(expected), "\(line)")
    }

    @Test("a crash on a thread of the library names module and thread")
    func thread() throws {
        let run = try GuardedProgram.run("crash", "thread:null")
        #expect(run.end == .signal(SIGSEGV))
        #expect(
            run.errors.contains(
                /^llama-stack: SIGSEGV at libprovider-probe-\d+\.so\+0x[0-9a-f]+, thread "rogue" \(\d+\)\n$/),
            "\(run.errors)")
    }

    @Test("a crash while the library is being opened names it")
    func constructor() throws {
        let run = try GuardedProgram.run("crash", "nothing", environment: ["AT_LOAD": "null"])
        #expect(run.end == .signal(SIGSEGV))
        #expect(
            run.errors.contains(/SIGSEGV at libprovider-probe-\d+\.so\+0x[0-9a-f]+, .*, in library load\n$/),
            "\(run.errors)")
    }

    @Test("a crash is written to the descriptor that was set for it, as one JSON object")
    func record() throws {
        let run = try GuardedProgram.run("crash", "null", ["1"])
        let json = try JSON(parsing: run.output.trimmingCharacters(in: .newlines))
        #expect(run.output.split(separator: "\n").count == 1)
        #expect(json["signal"] == 11)
        #expect(json["code"] == 1)
        #expect(json["module"] == .string(try GuardedProgram.library.get()))
        #expect(json["offset"] != nil)
        #expect(json["thread"] == "guarded-program")
        #expect(json["provider"] == "inference/?bad??")
        #expect(json["method"] == "chat_completion")
        #expect(json["request_id"] == "request-7")
    }

    @Test("what handled the signal before runs only where SWIFT_BACKTRACE asks for it, after the line")
    func chain() throws {
        let silent = try GuardedProgram.run("crash", "null", environment: ["OLD_HANDLER": "1"])
        #expect(silent.errors.split(separator: "\n").count == 1)
        #expect(silent.end == .signal(SIGSEGV))
        let asked = try GuardedProgram.run(
            "crash", "null", environment: ["OLD_HANDLER": "1", "SWIFT_BACKTRACE": "enable=yes"])
        #expect(asked.errors.hasPrefix("llama-stack: SIGSEGV"))
        #expect(asked.errors.hasSuffix("the handler that was there before\n"))
        #expect(asked.end == .signal(SIGSEGV))
    }
}
