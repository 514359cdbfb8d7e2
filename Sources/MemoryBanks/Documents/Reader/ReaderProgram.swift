import CLimitedProcess
import Foundation

/// Where `llama-stack-document-reader` is: beside the library that this code is in, or a folder above.
package enum ReaderProgram {
    package static let name = "llama-stack-document-reader"

    /// An absolute path; nil when there is none.
    package static func find() -> String? {
        for folder in folders {
            for path in ["\(folder)/\(name)", "\(folder)/../\(name)"] where access(path, X_OK) == 0 { return path }
        }
        return nil
    }

    /// The folder of the library; where there is none, as in a test, of the executable.
    private static var folders: [String] {
        let library = lp_library_file(#dsohandle).map { String(cString: $0) }
        return [library, "/proc/self/exe"].compactMap { $0 }.compactMap { file in
            guard let path = realpath(file, nil) else { return nil }
            defer { free(path) }
            return URL(fileURLWithPath: String(cString: path)).deletingLastPathComponent().path
        }
    }
}
