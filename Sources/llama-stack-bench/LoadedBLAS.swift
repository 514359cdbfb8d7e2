import CommandSupport
import Foundation
import LlamaEngine

extension CBLAS {
    /// OpenBLAS as this machine has it, loaded when it is asked for: the command is not linked with it, the provider
    /// `inline::blas` is.
    static func loaded() throws -> CBLAS {
        let library = "libopenblas.so.0"
        guard let handle = dlopen(library, RTLD_NOW | RTLD_LOCAL) else {
            throw Fail.with(
                "error: no \(library): \(dlerror().map { String(cString: $0) } ?? "can't be loaded")\n"
                    + "  hint: apt-get install libopenblas-dev", exitCode: 69)
        }
        func function<Function>(_ name: String, as _: Function.Type) throws -> Function {
            guard let symbol = dlsym(handle, name) else {
                throw Fail.with("error: \(library) has no \(name)", exitCode: 69)
            }
            return unsafeBitCast(symbol, to: Function.self)
        }
        typealias Words = @convention(c) () -> UnsafePointer<CChar>?
        func words(_ name: String) throws -> String {
            try function(name, as: Words.self)().map { String(cString: $0) } ?? ""
        }
        // The engine's threads share a product, each with a call of its own.
        try function("openblas_set_num_threads", as: (@convention(c) (Int32) -> Void).self)(1)
        let version = try words("openblas_get_config").split(separator: " ").prefix(2).joined(separator: " ")
        return CBLAS(
            name: "\(version) \(try words("openblas_get_corename"))",
            sgemm: try function("cblas_sgemm", as: SGEMM.self), sgemv: try function("cblas_sgemv", as: SGEMV.self))
    }
}
