#include "CVectors.h"
#ifdef __GLIBC__
#include <malloc.h>
#endif

void lk_vector_trim(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
