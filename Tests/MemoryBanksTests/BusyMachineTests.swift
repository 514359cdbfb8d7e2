import CLimitedProcess
import ChildProcess
import Foundation
import Testing

/// Limited processes run behind everything else (nice 10), and wait for a processor where others take it.
struct BusyMachineTests {
    @Test("a process that is made to wait may compute for as long as one that is not, whatever the clock says")
    func waiting() throws {
        let work = "read line; i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done"
        var process = open("\(work); printf '\\001\\0\\0\\0\\0\\0\\0\\0x' >&0; exec sleep 60")
        defer { lp_close(&process) }
        let pid = process.pid
        try #require(pid > 0)
        let start = ContinuousClock.now
        let stopped = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            defer { stopped.signal() }
            let before = computed(by: pid)
            while computed(by: pid) - before < .milliseconds(20), ContinuousClock.now < start + .seconds(2) {
                usleep(1000)
            }
            kill(pid, SIGSTOP)
            while ContinuousClock.now < start + .milliseconds(2500) { usleep(1000) }
            kill(pid, SIGCONT)
        }
        let result = ask(&process, seconds: 2)
        defer { free(result.output) }
        // Its number may be another's once it has been closed.
        stopped.wait()
        #expect(result.end == LP_ANSWERED)
        #expect(result.output_size == 1)
    }

    @Test("a process that computes for longer than it may is ended, and so is one that waits for nothing")
    func spent() throws {
        for script in ["while :; do :; done", "exec sleep 60"] {
            var process = open(script)
            try #require(process.pid > 0)
            #expect(ask(&process, seconds: 1).end == LP_TIMED_OUT)
            #expect(process.pid == 0)
        }
    }

    private func open(_ script: String) -> lp_process {
        SpawnThread.shared.run {
            let words = ["/bin/sh", "-c", script]
            var arguments: [UnsafePointer<CChar>?] = words.map { UnsafePointer(strdup($0)) } + [nil]
            defer { for argument in arguments { free(UnsafeMutablePointer(mutating: argument)) } }
            var process = lp_process()
            _ = lp_open(&arguments, lp_limits(seconds: 600, memory_bytes: 1 << 30, output_bytes: 0), &process)
            return process
        }
    }

    private func ask(_ process: inout lp_process, seconds: UInt32) -> lp_result {
        lp_ask(&process, "\n", 1, nil, 0, lp_limits(seconds: seconds, memory_bytes: 0, output_bytes: 16))
    }
}

private func computed(by pid: pid_t) -> Duration {
    var clock = clockid_t()
    var time = timespec()
    guard clock_getcpuclockid(pid, &clock) == 0, clock_gettime(clock, &time) == 0 else { return .zero }
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
}
