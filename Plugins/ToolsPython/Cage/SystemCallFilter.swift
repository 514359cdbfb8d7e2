import CSeccomp
import Foundation

/// The system calls that code in a cage must not make: a program of the kernel's filter (seccomp), made by libseccomp.
/// Namespaces alone let through what is not part of any of them, or makes new ones: user namespaces, ptrace, the
/// session keyring of the host, bpf, io_uring, perf.
enum SystemCallFilter {
    /// The filter as `bwrap --seccomp` reads it; nil with an old libseccomp or no memory.
    static func program() -> [UInt8]? {
        guard let filter = seccomp_init(allow) else { return nil }
        defer { seccomp_release(filter) }
        // Calls of another instruction set, such as 32-bit ones, would be read by the wrong table.
        guard seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, killProcess) == 0 else { return nil }
        for name in refused {
            guard add(filter, refuse(with: EPERM), name, []) else { return nil }
        }
        for name in missing {
            guard add(filter, refuse(with: ENOSYS), name, []) else { return nil }
        }
        for flag in namespaceFlags {
            guard add(filter, refuse(with: EPERM), "clone", [masked(0, flag)]) else { return nil }
        }
        for request in refusedTerminalRequests {
            let compared = scmp_arg_cmp(arg: 1, op: SCMP_CMP_MASKED_EQ, datum_a: 0xFFFF_FFFF, datum_b: request)
            guard add(filter, refuse(with: EPERM), "ioctl", [compared]) else { return nil }
        }
        for family in refusedFamilies {
            let compared = scmp_arg_cmp(arg: 0, op: SCMP_CMP_EQ, datum_a: family, datum_b: 0)
            guard add(filter, refuse(with: EAFNOSUPPORT), "socket", [compared]) else { return nil }
        }
        let above = scmp_arg_cmp(arg: 0, op: SCMP_CMP_GT, datum_a: UInt64(AF_INET6), datum_b: 0)
        guard add(filter, refuse(with: EAFNOSUPPORT), "socket", [above]) else { return nil }
        return exported(filter)
    }

    private static let allow: UInt32 = 0x7FFF_0000
    private static let killProcess: UInt32 = 0x8000_0000
    private static func refuse(with number: Int32) -> UInt32 { 0x0005_0000 | UInt32(number) }

    private static let refused = [
        // Namespaces and mounts.
        "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "open_tree_attr", "move_mount",
        "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "statmount", "listmount", "name_to_handle_at",
        "open_by_handle_at", "fanotify_init", "quotactl", "quotactl_fd",
        // Other processes.
        "ptrace", "process_vm_readv", "process_vm_writev", "process_madvise", "kcmp", "pidfd_getfd",
        // Keys: the keyring of the host's session is inherited.
        "keyctl", "add_key", "request_key",
        // Large parts of the kernel that no script needs.
        "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "vmsplice",
        "migrate_pages", "move_pages", "mbind", "set_mempolicy", "set_mempolicy_home_node", "modify_ldt", "personality",
        "lookup_dcookie", "syslog", "acct", "uselib", "vhangup",
        // The machine.
        "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module", "swapon", "swapoff",
        "iopl", "ioperm", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname",
        // Memory that no process of the cage would be seen to hold.
        "memfd_create", "memfd_secret", "shmget", "semget", "msgget", "mq_open",
    ]

    /// The C library does without it and calls `clone`, whose flags can be read here; clone3's are in memory.
    private static let missing = ["clone3"]

    /// CLONE_NEWTIME to CLONE_NEWNET.
    private static let namespaceFlags: [UInt64] = [
        0x80, 0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000,
    ]

    /// TIOCSTI types into a terminal, TIOCLINUX pastes into one.
    private static let refusedTerminalRequests: [UInt64] = [0x5412, 0x541C]

    /// All but AF_UNIX, AF_INET and AF_INET6: of the others some reach past network namespaces (vsock), and all are
    /// large.
    private static let refusedFamilies: [UInt64] = [0, 3, 4, 5, 6, 7, 8, 9]

    /// Numbers that an older libseccomp does not know yet. From 424 on they are the same on every architecture.
    private static let numbers: [String: Int32] = [
        "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428, "move_mount": 429,
        "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "clone3": 435, "pidfd_getfd": 438,
        "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443, "memfd_secret": 447,
        "set_mempolicy_home_node": 450, "statmount": 457, "listmount": 458, "open_tree_attr": 467,
    ]

    private static func masked(_ argument: UInt32, _ bits: UInt64) -> scmp_arg_cmp {
        scmp_arg_cmp(arg: argument, op: SCMP_CMP_MASKED_EQ, datum_a: bits, datum_b: bits)
    }

    /// True as well for a call that this architecture does not have.
    private static func add(
        _ filter: scmp_filter_ctx, _ action: UInt32, _ name: String, _ comparisons: [scmp_arg_cmp]
    ) -> Bool {
        var number = seccomp_syscall_resolve_name(name)
        if number < 0, let known = numbers[name] { number = known }
        // Negative numbers stand for calls that other architectures have.
        if number < 0 { return true }
        return seccomp_rule_add_array(filter, action, number, UInt32(comparisons.count), comparisons) == 0
    }

    private static func exported(_ filter: scmp_filter_ctx) -> [UInt8]? {
        guard let file = MemoryFile("filter") else { return nil }
        guard seccomp_export_bpf(filter, file.descriptor) == 0 else { return nil }
        return file.bytes()
    }
}
