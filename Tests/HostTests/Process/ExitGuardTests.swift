import Foundation
import Testing

/// An `exit()` that is not the host's.
struct ExitGuardTests {
    static let exits = [("exit 0", "exit(0)"), ("exit 3", "exit(3)"), ("quick_exit", "quick_exit()")]

    @Test("an exit of a library is exit code 70, and a line says what it called, in which call", arguments: exits)
    func byLibrary(_ what: String, _ said: String) throws {
        let run = try GuardedProgram.run("call", what)
        #expect(run.end == .exit(70))
        #expect(
            run.errors.contains(
                /^llama-stack: a provider library called .*\(\d?\) while the host was running: libprovider-probe-\d+\.so\+0x[0-9a-f]+, in inference\/\?bad\?\? chat_completion, request request-7\n$/
            ), "\(run.errors)")
        #expect(run.errors.contains(said))
    }

    @Test("an exit on a thread of the library names the library")
    func thread() throws {
        let run = try GuardedProgram.run("call", "thread:exit 0")
        #expect(run.end == .exit(70))
        #expect(
            run.errors.contains(
                /called exit\(0\) while the host was running: libprovider-probe-\d+\.so\+0x[0-9a-f]+\n$/))
    }

    @Test("an exit while the library is being opened names it too")
    func constructor() throws {
        let run = try GuardedProgram.run("call", "nothing", environment: ["AT_LOAD": "exit 0"])
        #expect(run.end == .exit(70))
        #expect(
            run.errors.contains(
                /called exit\(0\) while .*: libprovider-probe-\d+\.so\+0x[0-9a-f]+, in library load\n$/),
            "\(run.errors)")
    }

    @Test("the host's own exit is what it was")
    func own() throws {
        let run = try GuardedProgram.run("call", "nothing")
        #expect(run.end == .exit(0))
        #expect(run.errors == "")
    }

    @Test("a child that a library forks may exit as it likes")
    func child() throws {
        let run = try GuardedProgram.run("call", "fork and exit")
        #expect(run.output == "child: 5\n")
        #expect(run.end == .exit(0))
        #expect(run.errors == "")
    }
}
