import Foundation
import LlamaStackAPI
import Testing

extension EndToEnd {
    /// Code that tries to read what is not its own, to reach what is outside, and to exhaust the machine, in each way
    /// of `Tests/Fixtures/cage-probes.py`: as a user that is root and as one that is not, inline and in a process.
    /// Prints what became of each.
    @Suite struct CageProbeTests {
        struct Place: CustomTestStringConvertible, Sendable {
            var isRoot: Bool
            var isolation: String
            var testDescription: String { "\(isRoot ? "root" : "an ordinary user"), isolation: \(isolation)" }
        }

        private static let places: [Place] = {
            let users = geteuid() == 0 ? [true, false] : [false]
            return users.flatMap { user in ["inline", "process"].map { Place(isRoot: user, isolation: $0) } }
        }()

        @Test("every attempt to read, to reach and to exhaust is refused, and nothing is left", arguments: places)
        func probes(_ place: Place) throws {
            let folder = try TemporaryFolder()
            // Short limits on time: an attempt that waits for them waits for nothing else.
            let file = try folder.write(
                """
                version: 1
                providers:
                  tools:
                    - provider_id: python
                      provider_type: inline::python
                      isolation: \(place.isolation)
                      config: {seconds_max: 4, cpu_seconds_max: 2}
                tool_groups:
                  - {tool_group_id: code_interpreter, provider_id: python}
                """, "dist.yaml")
            let secret = "secret-\(UInt64.random(in: 0 ... .max))"
            let asOrdinary =
                "chmod 755 '\(folder.path)' && set -- setpriv --reuid=65533 --regid=65533 --clear-groups \"$@\""
            try Server.run(
                file: file, environment: ["PROBED_SECRET": secret],
                before: geteuid() == 0 && !place.isRoot ? asOrdinary : nil
            ) { server in
                let source = String(decoding: try Fixture.bytes("cage-probes.py"), as: UTF8.self)
                let names = source.matches(of: #/(?m)^def ((?:read|reach|exhaust)_\w+)/#).map { String($0.1) }
                #expect(names.count >= 40)
                let host = "HOST = {'secret': '\(secret)', 'folder': '\(folder.path)', 'port': \(server.port)}\n"
                let answers = try concurrently(3) { worker in
                    try stride(from: worker, to: names.count, by: 3).map { index in
                        let code = "\(host)\(source)\nprobe('\(names[index])')"
                        let answer = try server.post(
                            "/tools/invoke", ["tool_name": "code_interpreter", "arguments": ["code": .string(code)]])
                        return (index, answer.json["content"]?.stringValue ?? "status \(answer.status)")
                    }
                }
                print("cage probes, \(place.testDescription):")
                for (index, content) in answers.flatMap({ $0 }).sorted(by: { $0.0 < $1.0 }) {
                    let end = Self.end(of: content)
                    print("  \(names[index].padding(toLength: 44, withPad: " ", startingAt: 0)) \(end ?? content)")
                    #expect(end != nil && !content.contains("REACHED"), "\(names[index]): \(content.prefix(500))")
                }
                #expect(server.isAlive)
                var left = ["none looked for"]
                // The launcher of the last cage may still be ending.
                for _ in 0..<500 where !left.isEmpty {
                    usleep(10_000)
                    left = try Self.programs(below: server.process.pid).filter { !$0.hasPrefix("llama-stack") }
                }
                #expect(left == [])
            }
        }

        /// Why an attempt ended, in a line; nil when it was not refused.
        private static func end(of content: String) -> String? {
            let lines = content.split(separator: "\n").map(String.init)
            if let limit = lines.last(where: { $0.hasPrefix("the program was ended") }) { return limit }
            return lines.last { $0.hasPrefix("refused: ") }
        }

        /// The names of all processes that descend from one.
        private static func programs(below root: pid_t) throws -> [String] {
            var found: [String] = []
            var next = [root]
            while let pid = next.popLast() {
                for thread in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task")) ?? [] {
                    let children =
                        (try? String(contentsOfFile: "/proc/\(pid)/task/\(thread)/children", encoding: .utf8))
                    for child in (children ?? "").split(separator: " ").compactMap({ pid_t($0) }) {
                        next.append(child)
                        let name = try? String(contentsOfFile: "/proc/\(child)/comm", encoding: .utf8)
                        found.append((name ?? "gone").trimmingCharacters(in: .newlines))
                    }
                }
            }
            return found
        }
    }
}
