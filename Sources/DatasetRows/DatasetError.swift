/// An error in the content of a dataset. Begins with a verb ("has a mistake in row 3, line 4: …"), so that it
/// can follow the name of what was read.
package struct DatasetError: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
