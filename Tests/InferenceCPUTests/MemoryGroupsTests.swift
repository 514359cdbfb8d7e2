import Testing

@testable import InferenceCPU

@Suite struct MemoryGroupsTests {
    private static func bytesLeft(_ memberships: String, _ files: [String: String]) -> Int? {
        func words(_ text: String) -> [[Substring]] {
            text.split(separator: "\n").map { $0.split(whereSeparator: \.isWhitespace) }
        }
        return MemoryGroups(words(memberships)) { words(files[$0] ?? "") }.bytesLeft
    }

    @Test("version 2: what the limit leaves, pages of files that can go not counted as used")
    func version2() {
        let left = Self.bytesLeft(
            "0::/a/b",
            [
                "/sys/fs/cgroup/a/b/memory.max": "1000", "/sys/fs/cgroup/a/b/memory.current": "700",
                "/sys/fs/cgroup/a/b/memory.stat": "anon 500\ninactive_file 150\n",
            ])
        #expect(left == 450)
    }

    @Test("the tightest of the groups above counts, and `max` is no limit")
    func above() {
        let left = Self.bytesLeft(
            "0::/a/b",
            [
                "/sys/fs/cgroup/a/b/memory.max": "max", "/sys/fs/cgroup/a/b/memory.current": "700",
                "/sys/fs/cgroup/a/memory.max": "2000", "/sys/fs/cgroup/a/memory.current": "1900",
                "/sys/fs/cgroup/memory.max": "5000", "/sys/fs/cgroup/memory.current": "2000",
            ])
        #expect(left == 100)
    }

    @Test("version 1: the memory hierarchy alone, whose path may be that of the host")
    func version1() {
        let left = Self.bytesLeft(
            "5:cpu:/x\n4:memory:/docker/0123\n0::/",
            [
                "/sys/fs/cgroup/memory/memory.limit_in_bytes": "3000",
                "/sys/fs/cgroup/memory/memory.usage_in_bytes": "1000",
                "/sys/fs/cgroup/memory/memory.stat": "inactive_file 1\ntotal_inactive_file 200\n",
                "/sys/fs/cgroup/cpu/x/memory.limit_in_bytes": "1",
            ])
        #expect(left == 2200)
    }

    @Test("no limit: nothing is known", arguments: ["", "0::/", "4:memory:/a", "no such line"])
    func none(_ memberships: String) {
        let left = Self.bytesLeft(
            memberships,
            [
                "/sys/fs/cgroup/memory/a/memory.limit_in_bytes": "9223372036854771712",
                "/sys/fs/cgroup/memory/a/memory.usage_in_bytes": "1",
            ])
        #expect(left == nil)
    }

    @Test("a group that is over its limit leaves nothing")
    func over() {
        let left = Self.bytesLeft(
            "0::/", ["/sys/fs/cgroup/memory.max": "100", "/sys/fs/cgroup/memory.current": "150"])
        #expect(left == 0)
    }
}
