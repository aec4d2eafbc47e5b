/* C (rows x width) = bias + x W, for few rows: W (depth x width) is packed in panels four vectors wide.
 * What includes this defines product_4 before.
 */
typedef struct {
  const REAL *x, *panels, *bias;
  REAL *C;
  int64_t depth, width; /* width in whole vectors, as the rows of C and the bias */
} Affine;

/* The columns of C that are this thread's. */
INLINE void affine_share(const Affine *a, int64_t rows, int64_t thread, int64_t threads) {
  const int64_t vectors = a->width / LANES;
  const int64_t first = vectors / 4 * thread / threads * 4;
  const int64_t last = thread + 1 == threads ? vectors : vectors / 4 * (thread + 1) / threads * 4;
  for (int64_t b = 0; b < rows; b++)
    memcpy(a->C + b * a->width + first * LANES, a->bias + first * LANES,
           (size_t)((last - first) * LANES) * sizeof(REAL));
  product_4((Tile){a->x, a->depth, a->panels, a->C, a->width, a->depth}, rows, first, last, vectors,
            NULL);
}
