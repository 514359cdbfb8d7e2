import COpenBLAS
import LlamaEngine

extension CBLAS {
    /// Whether the OpenBLAS that was found can be called by several threads at once: Debian's serial build can't be
    /// trusted to.
    static var bearsSeveralThreads: Bool { openblas_get_parallel() != 0 }

    /// OpenBLAS, which this library is linked with.
    ///
    /// A call computes on the thread that makes it: the engine shares a product out among its own threads. That costs
    /// as little as OpenBLAS's threads (measured: the same within 3 %), gives each model the number it was configured
    /// with, and leaves no second pool that spins while the first has work. OpenBLAS's own number of threads is the
    /// process's: no other library in it may want another.
    package static func openBLAS() -> CBLAS {
        openblas_set_num_threads(1)
        let version = String(cString: openblas_get_config()).split(separator: " ").prefix(2).joined(separator: " ")
        return CBLAS(
            name: "\(version) \(String(cString: openblas_get_corename()))",
            sgemm: {
                cblas_sgemm(
                    CBLAS_ORDER($0), CBLAS_TRANSPOSE($1), CBLAS_TRANSPOSE($2), $3, $4, $5, $6, $7, $8, $9, $10, $11,
                    $12,
                    $13)
            },
            sgemv: {
                cblas_sgemv(CBLAS_ORDER($0), CBLAS_TRANSPOSE($1), $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
            })
    }
}
