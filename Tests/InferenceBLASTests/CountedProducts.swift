import LlamaEngine
import Synchronization

@testable import InferenceBLAS

/// OpenBLAS, and how often and with how much it was asked.
final class CountedProducts: MatrixProducts {
    struct Count: Equatable {
        var calls = 0
        /// Multiplications: rows * columns * inner, summed.
        var work = 0
    }

    private let library = CBLAS.openBLAS()
    private let counted = Mutex(Count())

    var count: Count { counted.withLock { $0 } }
    var name: String { library.name }

    func compute(_ product: MatrixProduct) {
        counted.withLock { count in
            count.calls += 1
            count.work += product.rows * product.columns * product.inner
        }
        library.compute(product)
    }
}
