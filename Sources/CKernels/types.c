// The table of element types.
#include "variants.h"

typedef struct { size_t values, bytes; } block_shape;

static block_shape shape_of(lk_type type) {
    switch (type) {
    case LK_F32: return (block_shape){1, 4};
    case LK_F16:
    case LK_BF16: return (block_shape){1, 2};
    case LK_Q4_0: return (block_shape){32, 18};
    case LK_Q4_1: return (block_shape){32, 20};
    case LK_Q5_0: return (block_shape){32, 22};
    case LK_Q5_1: return (block_shape){32, 24};
    case LK_Q8_0: return (block_shape){32, 34};
    case LK_Q2_K: return (block_shape){256, 84};
    case LK_Q3_K: return (block_shape){256, 110};
    case LK_Q4_K: return (block_shape){256, 144};
    case LK_Q5_K: return (block_shape){256, 176};
    case LK_Q6_K: return (block_shape){256, 210};
    case LK_IQ4_NL: return (block_shape){32, 18};
    case LK_IQ4_XS: return (block_shape){256, 136};
    case LK_MXFP4: return (block_shape){32, 17};
    case LK_NF4:
    case LK_INT8: return (block_shape){0, 0};  // have no rows of their own
    }
    return (block_shape){0, 0};
}

size_t lk_block_size(lk_type type) { return shape_of(type).values; }

size_t lk_row_bytes(lk_type type, size_t n) {
    block_shape shape = shape_of(type);
    if (shape.values == 0 || n % shape.values != 0) return 0;
    size_t blocks = n / shape.values;
    if (blocks > SIZE_MAX / shape.bytes) return 0;
    return blocks * shape.bytes;
}
