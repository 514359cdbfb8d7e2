import Foundation
import Synchronization

/// The list of fonts that matplotlib makes when it is first imported, which takes longer than a plot: made once, in a
/// cage, and put into each later one.
final class FontList: Sendable {
    struct File: Sendable {
        var name: String
        var content: [UInt8]
    }
    private let kept = Mutex<File?>(nil)

    var file: File? { kept.withLock { $0 } }

    func keep(_ file: File) { kept.withLock { $0 = file } }

    /// Where the Python of this system has no matplotlib there is nothing to make.
    static let canBeMade = ["/usr/lib/python3/dist-packages", "/usr/local/lib/python3/dist-packages"].contains {
        FileManager.default.fileExists(atPath: $0 + "/matplotlib/__init__.py")
    }

    static let folder = "/job/.matplotlib"

    static let program = """
        import os, sys
        import matplotlib.font_manager
        for name in os.listdir("\(folder)"):
            if name.startswith("fontlist"):
                print(name)
                with open("\(folder)/" + name) as file:
                    sys.stdout.write(file.read())
                break
        """

    /// - Parameter output: of `program`: the name, then the file.
    convenience init?(output: [UInt8]) {
        self.init()
        guard let end = output.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let name = String(decoding: output[..<end], as: UTF8.self)
        guard name.wholeMatch(of: #/fontlist-[A-Za-z0-9.]+/#) != nil else { return nil }
        keep(File(name: name, content: Array(output[(end + 1)...])))
    }

    init() {}
}
