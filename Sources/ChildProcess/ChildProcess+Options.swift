import CChildProcess
import Foundation

extension ChildProcess {
    /// The options that a child is started with.
    package struct Options: Sendable {
        /// An absolute path.
        package var executable: String
        /// Without the name of the program itself.
        package var arguments: [String]
        /// The whole environment.
        package var environment: [String: String]
        /// The working directory, absolute; nil: ours.
        package var folder: String?
        /// Number in the child → descriptor here, which stays ours. 0 is /dev/null unless named; 1 is for `onLine`
        /// unless named; 2 is for `onLine`.
        package var descriptors: [Int32: Int32]
        package var limits: LimitPlan
        /// Limits of each process by itself (`setrlimit`), beside those of `limits`.
        package var systemLimits: [SystemLimit] = []
        /// The user and the group to run as; nil: ours. Takes root.
        package var user: UInt32?
        package var hasNoNewPrivileges = false
        /// Added to our own niceness: a child with 5 has a quarter of a core where others want all of it.
        package var niceness: Int32 = 0
        /// Control groups of version 1 are not entered at the start, which would wait for them, but with
        /// ``ChildProcess/enterGroups(_:)``.
        package var entersGroupsLater = false
        /// Names the control group: letters, digits, `-` and `_`; others become `_`.
        package var label: String
        /// Gets each line of output, in order, on a thread of all children: it must not wait.
        package var onLine: @Sendable (OutputLine) -> Void

        package init(
            executable: String, arguments: [String] = [], environment: [String: String] = [:],
            folder: String? = nil, descriptors: [Int32: Int32] = [:],
            limits: LimitPlan = LimitPlan(ResourceLimits(), groups: .unavailable),
            label: String = "child", onLine: @escaping @Sendable (OutputLine) -> Void = { _ in }
        ) {
            (self.executable, self.arguments, self.environment) = (executable, arguments, environment)
            (self.folder, self.descriptors, self.limits, self.label, self.onLine) = (
                folder, descriptors, limits, label, onLine
            )
        }
    }

    /// A `RLIMIT_…` of one process.
    package struct SystemLimit: Sendable {
        var limit: ccp_limit

        /// - Parameter hard: where the kernel stops warning and acts; `value` unless given.
        package init(_ resource: __rlimit_resource, _ value: UInt64, hard: UInt64? = nil) {
            limit = ccp_limit(resource: Int32(resource.rawValue), value: value, hard: hard ?? value)
        }
    }

    /// A program that could not be started.
    package struct Failure: Error, CustomStringConvertible, Equatable {
        /// "exec", "control group", "pipe", …
        package var step: String
        package var number: Int32
        package var description: String
    }
}
