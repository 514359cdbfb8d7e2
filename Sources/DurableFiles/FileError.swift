#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file or folder that could not be made, written or read, and the system's reason.
package struct FileError: Error, Equatable, CustomStringConvertible {
    package var path: String
    /// `errno`.
    package var number: Int32

    /// Takes the reason from `errno`.
    package init(path: String) { (self.path, number) = (path, errno) }

    /// There is no room left, on the disk or in a quota.
    package var isStorageFull: Bool { [ENOSPC, EDQUOT, EFBIG].contains(number) }

    /// The system's words for `number`.
    package var reason: String { String(cString: strerror(number)) }

    package var description: String { "\(path): \(reason)" }
}
