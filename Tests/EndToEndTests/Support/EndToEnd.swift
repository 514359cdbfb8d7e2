import Testing

/// All end-to-end tests: each starts the release build and talks to it from outside. One after the other, since several
/// of them measure when something happens, and each has all cores to itself. What the processes under test said on
/// standard error is shown with every failure.
@Suite(.serialized, .showsLogs)
enum EndToEnd {}

extension Trait where Self == IssueHandlingTrait {
    /// Adds the end of the log of every process under test to an issue.
    static var showsLogs: Self {
        .compactMapIssues { issue in
            // Each suite around a test comes by here.
            var issue = issue
            let logs = ChildProcess.logsOfLiving().map { Comment(rawValue: $0) }
            issue.comments += logs.filter { !issue.comments.contains($0) }
            return issue
        }
    }
}
