import Foundation
import Testing

@testable import ChildProcess

@Suite struct ControlGroupPlaceTests {
    @Test func `a machine with version 2 alone`() {
        let places = ControlGroups.places(
            mounts: "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n",
            memberships: "0::/system.slice/stack.service\n")
        #expect(places == .init(version2: "/sys/fs/cgroup/system.slice/stack.service"))
    }

    @Test func `a container of version 1 sees its own part of each hierarchy`() {
        let places = ControlGroups.places(
            mounts: """
                40 39 0:30 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory
                41 39 0:31 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct
                42 39 0:32 /docker/other /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids
                43 39 0:33 /docker/abc /sys/fs/cgroup/systemd ro - cgroup cgroup rw,xattr,name=systemd
                """,
            memberships:
                "9:memory:/docker/abc/inner\n5:cpu,cpuacct:/docker/abc\n4:pids:/docker/abc\n1:name=systemd:/docker/abc\n0::/\n"
        )
        #expect(
            places == .init(version1: [.memory: "/sys/fs/cgroup/memory/inner", .cpu: "/sys/fs/cgroup/cpu,cpuacct"]))
    }

    @Test func `a mount's escapes are read, and a group outside of what is mounted is none`() {
        let places = ControlGroups.places(
            mounts: #"30 23 0:26 / /my\040groups rw - cgroup2 none rw"#, memberships: "0::/a\n")
        #expect(places.version2 == "/my groups/a")
        #expect(
            ControlGroups.places(mounts: "30 23 0:26 / /c rw - cgroup2 none rw", memberships: "0::/../other\n").version2
                == nil)
        #expect(ControlGroups.places(mounts: "", memberships: "").version2 == nil)
        #expect(ControlGroups.places(mounts: "damaged - \nline", memberships: "0\n::\n") == .init())
    }

    @Test func `a group's name tells its owner, and holds nothing of a path`() throws {
        let name = StaleGroups.name(label: "../a b/ä")
        #expect(name.hasSuffix("-___a_b__"))
        let owner = try #require(StaleGroups.owner(of: name))
        #expect(owner.pid == getpid())
        #expect(owner.started == ProcessStat(pid: getpid())?.started)
        #expect(StaleGroups.owner(of: "llama-stack-12-x") == nil)
        #expect(StaleGroups.owner(of: "llama-stack-a.b-x") == nil)
    }

    @Test func `version 2 is taken where it has the controller, else version 1, and what is missing says why`() throws {
        let (new, old) = (Probe.folder + "/groups-2", Probe.folder + "/groups-1")
        for folder in [new, old] {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        try Data("cpuset cpu io memory\n".utf8).write(to: URL(fileURLWithPath: new + "/cgroup.controllers"))
        let places = ControlGroups.Places(version1: [.memory: old, .cpu: "/nonexistent"], version2: new)

        // What can't be handed on to groups below is looked for in version 1.
        let withheld = ControlGroups(places)
        #expect(withheld.bases == [.memory: .init(version: 1, folder: old)])
        #expect(
            withheld.refusals == [
                .cpu: "/nonexistent: No such file or directory", .pids: "this system mounts no such controller",
            ])
        #expect(
            ControlGroups(.init(version2: new)).refusals[.memory]
                == "\(new)/cgroup.subtree_control: No such file or directory")

        try Data().write(to: URL(fileURLWithPath: new + "/cgroup.subtree_control"))
        let base = ControlGroups.Base(version: 2, folder: new)
        #expect(ControlGroups(places).bases == [.memory: base, .cpu: base])
        #expect(try FileManager.default.contentsOfDirectory(atPath: new).count == 2)
    }

    @Test func `the settings of both versions`() {
        let limits = ResourceLimits(memoryBytes: 64 << 20, cpus: 1.5, processes: 7)
        func text(_ version: Int) -> [String] {
            ControlGroup.settings(limits, version: version, [.memory, .cpu, .pids]).map { "\($0.file) \($0.value)" }
        }
        #expect(
            text(2) == [
                "memory.max 67108864", "memory.swap.max 0", "memory.oom.group 1", "cpu.max 150000 100000", "pids.max 7",
            ])
        #expect(
            text(1) == [
                "memory.limit_in_bytes 67108864", "memory.memsw.limit_in_bytes 67108864", "cpu.cfs_period_us 100000",
                "cpu.cfs_quota_us 150000", "pids.max 7",
            ])
    }
}

extension Children {
    /// On a machine where control groups can be made.
    @Suite struct ControlGroupTests {
        static func can(_ controllers: ControlGroups.Controller...) -> Bool {
            controllers.allSatisfy { ControlGroups.own.bases[$0] != nil }
        }

        /// The groups of this suite's children that are there now: other suites of this process make groups too.
        private func folders() -> [String] {
            Set(ControlGroups.own.bases.values.map(\.folder)).flatMap { folder in
                ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                    .filter { $0.hasPrefix("llama-stack-\(getpid()).") && $0.hasSuffix("-\(Running.label)") }
            }
        }

        /// Removed soon after the end: the kernel may take a moment.
        private func waitForRemoval() async throws {
            while !folders().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }

        @Test(.enabled(if: can(.memory)), arguments: ["grow", "grow-shared"])
        func `a child that grows beyond its memory is ended by the kernel, and that is told`(mode: String) async throws
        {
            let plan = LimitPlan(ResourceLimits(memoryBytes: 48 << 20))
            #expect(plan.held.first?.hasPrefix("memory 48 MiB by a control group of version ") == true)
            let running = try Running(mode, limits: plan)
            #expect(!folders().isEmpty)
            let report = await running.process.exit()
            #expect(report.status == .signalled(SIGKILL, coreDumped: false))
            #expect(report.limit == .memory)
            #expect(try #require(report.peakMemoryBytes) <= 48 << 20)
            try await waitForRemoval()
        }

        @Test(.enabled(if: can(.memory)))
        func `a SIGKILL of another is not the limit's`() async throws {
            let running = try Running("wait", limits: LimitPlan(ResourceLimits(memoryBytes: 48 << 20)))
            try await running.wait(lines: 1)
            running.process.signal(SIGKILL)
            let report = await running.process.exit()
            #expect(report.status == .signalled(SIGKILL, coreDumped: false))
            #expect(report.limit == nil)
            try await waitForRemoval()
        }

        @Test(.enabled(if: can(.pids)), arguments: ["processes", "threads"])
        func `a child gets no more processes and threads than its limit`(mode: String) async throws {
            let report = try await Running(mode, "20", limits: LimitPlan(ResourceLimits(processes: 10))).process.exit()
            #expect(report.status == .exited(code: 7))
            #expect(report.processesRefused > 0)
            try await waitForRemoval()
        }

        @Test(.enabled(if: can(.cpu)))
        func `a child is held back at its share of processors`() async throws {
            let plan = LimitPlan(ResourceLimits(cpus: 0.25))
            #expect(plan.unheld == [])
            let start = ContinuousClock.now
            let report = try await Running("compute", "1", limits: plan).process.exit()
            #expect(report.status == .exited(code: 0))
            // A second of computing at a quarter of a processor: no machine is fast enough for less.
            #expect(ContinuousClock.now - start > .seconds(2))
            try await waitForRemoval()
        }

        @Test(.enabled(if: can(.pids)))
        func `a process that left the session ends with the group`() async throws {
            let output = try await Running("leave", "1", limits: LimitPlan(ResourceLimits(processes: 10))).output()
            try await waitForEnd(of: try #require(output.first.flatMap { pid_t($0) }))
            try await waitForRemoval()
        }

        @Test(.enabled(if: can(.pids)))
        func `a group that can't be made is named, and nothing is left`() throws {
            var groups = ControlGroups.own
            groups.bases[.pids] = .init(version: 1, folder: "/nonexistent")
            let failure = try #require(throws: ChildProcess.Failure.self) {
                try Running(
                    "wait", limits: LimitPlan(ResourceLimits(memoryBytes: 48 << 20, processes: 3), groups: groups))
            }
            #expect(failure.step == "control group")
            #expect(failure.description.contains("/nonexistent/llama-stack-"))
            #expect(folders() == [])
        }

        @Test(.enabled(if: can(.pids)))
        func `what a killed host left is ended and removed, and what a living one has stays`() async throws {
            let folder = try #require(ControlGroups.own.bases[.pids]).folder
            let stale = "\(folder)/llama-stack-\(getpid()).1-7-x"
            let living = folder + "/" + StaleGroups.name(label: "living")
            for path in [stale, living] { try #require(mkdir(path, 0o755) == 0) }
            defer { rmdir(living) }
            let running = try Running("wait")
            try #require(ProcFile.write(stale + "/cgroup.procs", "\(running.process.pid)") == 0)
            StaleGroups.remove(in: folder)
            #expect(await running.process.exit().status == .signalled(SIGKILL, coreDumped: false))
            #expect(access(stale, F_OK) != 0)
            #expect(access(living, F_OK) == 0)
        }

        private static let hasVersion2 = [.memory, .pids].allSatisfy { ControlGroups.own.bases[$0]?.version == 2 }

        @Test(
            .enabled(
                if: hasVersion2,
                "version 2 has no memory or no pids here; Scripts/check-groups.sh brings a kernel where it has"))
        func `version 2 holds a child to its memory and its processes, and counts both`() async throws {
            let limits = ResourceLimits(memoryBytes: 48 << 20, processes: 10)
            let grown = try await Running("grow", limits: LimitPlan(limits)).process.exit()
            #expect(grown.status == .signalled(SIGKILL, coreDumped: false) && grown.limit == .memory)
            #expect(try #require(grown.peakMemoryBytes) <= 48 << 20)
            let many = try await Running("processes", "20", limits: LimitPlan(limits)).process.exit()
            #expect(many.status == .exited(code: 7) && many.processesRefused > 0)
            try await waitForRemoval()
        }

        private static let version2 = ControlGroups.places(
            mounts: ProcFile.read("/proc/self/mountinfo") ?? "", memberships: ProcFile.read("/proc/self/cgroup") ?? ""
        ).version2

        @Test(
            .enabled(if: version2.map { access($0, W_OK) == 0 } ?? false),
            arguments: ["group", "old"])
        func `a child is born in its group of version 2, on old kernels too`(mode: String) throws {
            let folder = try #require(Self.version2)
            let name = StaleGroups.name(label: "birth")
            try #require(mkdir("\(folder)/\(name)", 0o755) == 0)
            defer { rmdir("\(folder)/\(name)") }
            let (text, status) = try Probe.run(
                try Probe.host.get(), [mode, try Probe.child.get(), "\(folder)/\(name)"])
            let lines = text.split(separator: "\n")
            #expect(lines.first?.hasSuffix("/" + name) == true)
            #expect(lines.dropFirst() == ["3 descriptors", "exited with 0"])
            #expect(status == 0)
        }
    }
}
