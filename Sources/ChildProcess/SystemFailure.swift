import Foundation

/// A system call that failed, in words: "memfd_create: Too many open files".
package struct SystemFailure: Error, CustomStringConvertible, Equatable {
    package var what: String
    package var number: Int32
    package var description: String { "\(what): \(errorText(number))" }

    package init(_ what: String, _ number: Int32) { (self.what, self.number) = (what, number) }
}

func errorText(_ number: Int32) -> String { String(cString: strerror(number)) }
