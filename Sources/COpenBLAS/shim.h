#if !__has_include(<cblas.h>)
#error "inline::blas needs OpenBLAS's headers: apt-get install libopenblas-dev pkg-config (or run make, which does)"
#endif
#include <cblas.h>
