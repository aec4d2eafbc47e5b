/* The recurrent product: C (rows x vectors) += A (rows x depth) * B, B packed in panels.
 *
 * A panel is `width` vectors wide and `depth` deep, contiguous: all a register tile reads, in its order.
 * What is left over at the right edge is packed as panels one vector wide. So vector v of a matrix lies
 * in the panel that starts at B + v' * LANES * depth, v' the panel's first vector.
 */
typedef struct {
  const REAL *A;
  int64_t stride; /* of A's rows */
  const REAL *B;
  REAL *C;
  int64_t pitch; /* of C's rows */
  int64_t depth;
  const REAL *coming; /* one vector in every WIDTH of the next panel: fetched while this one is used */
} Tile;

/* ROWS x WIDTH vectors of C stay in registers over the whole depth. */
INLINE void tile(const int ROWS, const int WIDTH, const Tile t) {
  for (int r = 0; r < ROWS; r++) /* C comes from far away: let it travel while the tile is computed */
    for (int v = 0; v < WIDTH; v++) __builtin_prefetch(t.C + r * t.pitch + v * LANES, 1);
  vec sums[24];
#pragma GCC unroll 24
  for (int i = 0; i < ROWS * WIDTH; i++) sums[i] = (vec){};
  const REAL *B = t.B;
  for (int64_t k = 0; k < t.depth; k++, B += WIDTH * LANES) {
    __builtin_prefetch(t.coming + k * WIDTH * LANES, 0, 2);
    vec b[8];
#pragma GCC unroll 8
    for (int v = 0; v < WIDTH; v++) b[v] = load(B + v * LANES);
#pragma GCC unroll 24
    for (int r = 0; r < ROWS; r++) {
      const vec a = splat(t.A[r * t.stride + k]);
#pragma GCC unroll 8
      for (int v = 0; v < WIDTH; v++) sums[r * WIDTH + v] += a * b[v];
    }
  }
#pragma GCC unroll 24
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < WIDTH; v++) {
      REAL *c = t.C + r * t.pitch + v * LANES;
      store(c, load(c) + sums[r * WIDTH + v]);
    }
  }
}

#define MOST_ROWS(WIDTH) (TILE_VECTORS / (WIDTH) < 8 ? TILE_VECTORS / (WIDTH) : 8)
#define DEEPEST 640 /* a panel of this depth stays in a cache of its own while all rows use it */

/* One panel for all rows: full tiles, then one with the rows that are left. */
#define DEFINE_PANEL(WIDTH, NAME)                                                                            \
  static void NAME(Tile t, int64_t rows) {                                                                   \
    const int64_t most = MOST_ROWS(WIDTH);                                                                   \
    for (; rows >= most; rows -= most, t.A += most * t.stride, t.C += most * t.pitch, t.coming += LANES)     \
      tile(MOST_ROWS(WIDTH), WIDTH, t);                                                                      \
    switch (rows) {                                                                                          \
      case 7: if (most > 7) tile(7, WIDTH, t); break;                                                        \
      case 6: if (most > 6) tile(6, WIDTH, t); break;                                                        \
      case 5: if (most > 5) tile(5, WIDTH, t); break;                                                        \
      case 4: if (most > 4) tile(4, WIDTH, t); break;                                                        \
      case 3: if (most > 3) tile(3, WIDTH, t); break;                                                        \
      case 2: if (most > 2) tile(2, WIDTH, t); break;                                                        \
      case 1: tile(1, WIDTH, t); break;                                                                      \
    }                                                                                                        \
  }

/* Block-diagonal weights: a panel needs only the part of the depth that the heads of its units see. */
typedef struct {
  int64_t heads;
  int64_t units, gates;     /* of the result: units, and how many gates' units are interleaved in its columns */
  int64_t inputs, in_gates; /* the same of A's columns; no gates: plain units, of which any may be first */
} Heads;

/* The part [from, to) of the depth for vectors v to v + wide. */
INLINE void depth_of(const Heads *h, int64_t v, int64_t wide, int64_t *from, int64_t *to) {
  const int64_t size = h->units / h->heads, part = h->inputs / h->heads;
  const int64_t first = v / h->gates * LANES, last = ((v + wide - 1) / h->gates + 1) * LANES;
  *from = first / size * part;
  *to = (((last < h->units ? last : h->units) - 1) / size + 1) * part;
  if (h->in_gates) {
    *from = *from / LANES * LANES * h->in_gates;
    *to = (*to + LANES - 1) / LANES * LANES * h->in_gates;
  }
}

/* Vectors first to last of the C that t describes; `total` is the width of the whole matrix. */
#define DEFINE_PRODUCT(WIDTH, NAME)                                                                          \
  DEFINE_PANEL(WIDTH, NAME##_panel)                                                                          \
  DEFINE_PANEL(1, NAME##_edge)                                                                               \
  static void NAME(const Tile whole, int64_t rows, int64_t first, int64_t last, int64_t total,               \
                   const Heads *heads) {                                                                     \
    const int64_t edge = total - total % (WIDTH);                                                            \
    for (int64_t v = first; v < last; v += v < edge ? (WIDTH) : 1) {                                         \
      const int64_t wide = v < edge ? (WIDTH) : 1;                                                           \
      const int64_t next = v + wide < last ? v + wide : first;                                               \
      int64_t from = 0, to = whole.depth;                                                                    \
      if (heads) depth_of(heads, v, wide, &from, &to);                                                       \
      for (int64_t k = from; k < to; k += DEEPEST) {                                                         \
        Tile t = whole;                                                                                      \
        t.A += k;                                                                                            \
        t.B += v * LANES * whole.depth + k * wide * LANES;                                                   \
        t.C += v * LANES;                                                                                    \
        t.depth = to - k < DEEPEST ? to - k : DEEPEST;                                                       \
        t.coming = k + DEEPEST < to ? t.B + DEEPEST * wide * LANES                                           \
                                    : whole.B + next * LANES * whole.depth + from * wide * LANES;            \
        if (v < edge) NAME##_panel(t, rows);                                                                 \
        else NAME##_edge(t, rows);                                                                           \
      }                                                                                                      \
    }                                                                                                        \
  }
