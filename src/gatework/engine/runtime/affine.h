/* C (rows x width) = bias + x W, for few rows: W (depth x width) is packed in panels. */
typedef struct {
  const REAL *x, *panels, *bias;
  REAL *C;
  int64_t depth, width; /* width in whole vectors, as the rows of C and the bias */
} Affine;

/* The columns of C that are this thread's. */
INLINE void affine_share(const Affine *a, int64_t rows, int64_t thread, int64_t threads) {
  const int64_t vectors = a->width / LANES, panels = vectors / PANEL;
  const int64_t first = panels * thread / threads * PANEL;
  const int64_t last = thread + 1 == threads ? vectors : panels * (thread + 1) / threads * PANEL;
  product((Tile){a->x, a->depth, a->panels, a->C, a->width, a->depth, 1, a->bias}, rows, first, last, vectors, NULL);
}
