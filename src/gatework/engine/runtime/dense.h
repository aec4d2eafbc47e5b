/* The products over all time steps at once: of the inputs before the loop, of the slopes after it.
 *
 * A thread computes a part of the result of its own, so that no sum depends on who was first.
 */
#define THREADS_LOOP _Pragma("omp parallel for schedule(static, 1) num_threads((int)threads) if (threads > 1)")

#define NEAR_ROWS (6 * MOST_ROWS)   /* so many rows of A are copied, to stay near while all panels pass */
#define NEAR_PITCH (DEEPEST + LANES) /* no power of two: rows would crowd into a few places of the cache */

/* C (rows x vectors) = bias + A (rows x depth) * panels; where not fresh, += */
void dense(REAL *C, int64_t pitch, const REAL *A, int64_t rows, int64_t stride, int64_t depth, const REAL *panels,
           int64_t vectors, const REAL *bias, int64_t fresh, int64_t threads) {
  THREADS_LOOP
  for (int64_t thread = 0; thread < threads; thread++) {
    REAL near[NEAR_ROWS * NEAR_PITCH] __attribute__((aligned(64)));
    const int64_t last = rows * (thread + 1) / threads;
    for (int64_t row = rows * thread / threads, some; row < last; row += some) {
      some = last - row < NEAR_ROWS ? last - row : NEAR_ROWS;
      for (int64_t k = 0; k < depth; k += DEEPEST) {
        const int64_t deep = depth - k < DEEPEST ? depth - k : DEEPEST;
        for (int64_t r = 0; r < some; r++)
          memcpy(near + r * NEAR_PITCH, A + (row + r) * stride + k, (size_t)deep * sizeof(REAL));
        const Tile t = {near - k, NEAR_PITCH, panels, C + row * pitch, pitch, depth, fresh, bias};
        for (int64_t v = 0, wide; v < vectors; v += wide) {
          wide = v + PANEL <= vectors ? PANEL : 1;
          panel(t, some, v, wide, k, k + deep, k == 0, panels + (v + wide) * LANES * depth + k * wide * LANES);
        }
      }
    }
  }
}

/* The weights of gates that share a product, and what they multiplied: rows (any, width), in two pieces. */
typedef struct {
  REAL *const *gates; /* each (hidden, width), or NULL; out */
  int64_t width;
  const REAL *first, *rest;
} Side;

/* Slopes are (rows, pitch) of interleaved gates, see pack.h; the first `cut` rows meet the sides' first pieces. */
typedef struct {
  const REAL *slope;
  int64_t pitch, rows, cut, G, hidden, threads;
  REAL *const *biases; /* each (hidden,), or NULL; out */
  int64_t count;
  Side sides[2];
} Gradient;

#define TALL (LANES >= 8 && TILE_VECTORS >= 24 ? 8 : LANES >= 4 ? 4 : 2) /* rows of a tile: divides LANES */
#define WIDE (TILE_VECTORS / TALL < 6 ? TILE_VECTORS / TALL : 6)         /* vectors of a tile */
#define DEPTH 322 /* rows of slopes taken at once; no power of two, as above */
#define AHEAD 12  /* rows fetched before they are read */
#define NEAR_VECTORS 16 /* vectors of slopes taken at once */

/* `n` rows and `columns` columns of gate (any, width) = or += slopes' * x; at the edges through a copy. */
static void gradient_tile(REAL *gate, int64_t width, int64_t n, int64_t columns, const REAL *slopes, const REAL *x,
                          int64_t depth, int64_t vectors, int64_t fresh) {
  REAL copy[TALL * WIDE * LANES];
  const int64_t inside = n == TALL && columns == vectors * LANES;
  Tile t = {slopes, 0, x, gate, width, depth, fresh};
  if (!inside) t.C = copy, t.pitch = WIDE * LANES, t.fresh = 1;
  t.coming = x;
  switch (vectors) {
    case 6: if (WIDE > 5) tile(TALL, 6, TALL, t); break;
    case 5: if (WIDE > 4) tile(TALL, 5, TALL, t); break;
    case 4: if (WIDE > 3) tile(TALL, 4, TALL, t); break;
    case 3: tile(TALL, 3, TALL, t); break;
    case 2: tile(TALL, 2, TALL, t); break;
    case 1: tile(TALL, 1, TALL, t); break;
  }
  for (int64_t r = 0; r < n && !inside; r++)
    for (int64_t i = 0; i < columns; i++) {
      REAL *to = gate + r * width + i;
      *to = fresh ? copy[r * WIDE * LANES + i] : *to + copy[r * WIDE * LANES + i];
    }
}

/* What `depth` rows of slopes, packed in panels TALL wide, add to vectors [first, last) of a side's weights. */
static void gradient_side(const Gradient *a, const Side *side, const REAL *slopes, const REAL *x, int64_t depth,
                          int64_t first, int64_t last, int64_t fresh) {
  REAL near[DEPTH * WIDE * LANES] __attribute__((aligned(64)));
  for (int64_t column = 0; column < side->width; column += WIDE * LANES) {
    const int64_t columns = side->width - column < WIDE * LANES ? side->width - column : WIDE * LANES;
    const int64_t vectors = (columns + LANES - 1) / LANES, whole = columns / LANES;
    for (int64_t k = 0; k < depth; k++)
      for (int64_t v = 0; v < vectors; v++) {
        const REAL *from = x + k * side->width + column + v * LANES;
        __builtin_prefetch(from + AHEAD * side->width);
        store(near + (k * vectors + v) * LANES, v < whole ? load(from) : load_some(from, columns % LANES));
      }
    for (int64_t v = first; v < last; v++)
      for (int64_t r = 0; r < LANES; r += TALL) {
        const int64_t u = v / a->G * LANES + r, n = a->hidden - u < TALL ? a->hidden - u : TALL;
        REAL *gate = side->gates[v % a->G];
        if (gate && n > 0)
          gradient_tile(gate + u * side->width + column, side->width, n, columns,
                        slopes + ((v - first) * LANES + r) * DEPTH, near, depth, vectors, fresh);
      }
  }
}

/* Weights' and biases' gradients of vectors [first, last), at most NEAR_VECTORS. */
static void gradient_part(const Gradient *a, int64_t first, int64_t last) {
  REAL slopes[NEAR_VECTORS * LANES * DEPTH] __attribute__((aligned(64)));
  vec sums[NEAR_VECTORS] = {};
  for (int64_t row = 0, next; row < a->rows; row = next) {
    const int64_t end = row < a->cut ? a->cut : a->rows;
    const int64_t pieces = (end - row + DEPTH - 1) / DEPTH;
    next = row + (end - row + pieces - 1) / pieces;
    const int64_t depth = next - row;
    for (int64_t k = 0; k < depth; k++)
      for (int64_t v = first; v < last; v++) {
        const REAL *from = a->slope + (row + k) * a->pitch + v * LANES;
        __builtin_prefetch(from + AHEAD * a->pitch);
        REAL *to = slopes + (v - first) * LANES * DEPTH + k * TALL;
        sums[v - first] += load(from);
        for (int64_t r = 0; r < LANES; r += TALL) memcpy(to + r * DEPTH, from + r, (size_t)TALL * sizeof(REAL));
      }
    for (const Side *side = a->sides; side < a->sides + a->count; side++)
      gradient_side(a, side, slopes,
                    row < a->cut ? side->first + row * side->width : side->rest + (row - a->cut) * side->width,
                    depth, first, last, row == 0);
  }
  for (int64_t v = first; v < last && a->biases; v++) {
    const int64_t u = v / a->G * LANES, n = a->hidden - u < LANES ? a->hidden - u : LANES;
    if (a->biases[v % a->G]) store_some(a->biases[v % a->G] + u, sums[v - first], n);
  }
}

void gradient(const int64_t *arguments) {
  const Gradient *a = (const Gradient *)arguments;
  const int64_t total = (a->hidden + LANES - 1) / LANES * a->G, threads = a->threads;
  THREADS_LOOP
  for (int64_t thread = 0; thread < threads; thread++) {
    const int64_t last = total * (thread + 1) / threads;
    for (int64_t v = total * thread / threads, next; v < last; v = next) {
      const int64_t parts = (last - v + NEAR_VECTORS - 1) / NEAR_VECTORS;
      next = v + (last - v + parts - 1) / parts;
      gradient_part(a, v, next);
    }
  }
}
