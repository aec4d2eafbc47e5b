/* How a product is computed: tiles of C that stay in registers, along panels. */
#define MOST_ROWS (TILE_VECTORS / PANEL) /* tall tiles: a panel's traffic from the cache is what costs most */
#define DEEPEST 256 /* so much of a panel stays in the first cache while all rows use it */

/* ROWS x WIDTH vectors of C stay in registers over the whole depth. Element (r, k) of A stands at
 * r * stride + k, or where STEP is given at r + k * STEP. */
INLINE void tile(const int ROWS, const int WIDTH, const int STEP, const Tile t) {
  for (int r = 0; r < ROWS; r++) /* C comes from far away: let it travel while the tile is computed */
    for (int v = 0; v < WIDTH; v++) __builtin_prefetch(t.C + r * t.pitch + v * LANES, 1);
  /* Few rows: several sums side by side, because one sum must wait for its last addition. */
  const int SPLIT = ROWS * WIDTH <= 4 ? 4 : ROWS * WIDTH <= 8 ? 2 : 1;
  vec sums[32];
#pragma GCC unroll 32
  for (int i = 0; i < ROWS * WIDTH * SPLIT; i++) sums[i] = (vec){};
  /* One pointer for three rows, which then differ by an index register: a pointer each would be too many. */
  const REAL *A[5], *B = t.B, *coming = t.coming;
  const int POINTERS = STEP ? 1 : (ROWS + 2) / 3;
#pragma GCC unroll 5
  for (int i = 0; i < POINTERS; i++) A[i] = t.A + 3 * i * t.stride;
#define ELEMENT(r, s) (STEP ? A[0][(r) + (s) * STEP] : A[(r) / 3][(r) % 3 * t.stride + (s)])
  int64_t k = 0;
  for (; k + SPLIT <= t.depth; k += SPLIT) {
#pragma GCC unroll 4
    for (int s = 0; s < SPLIT; s++) {
      if (ROWS > 4) __builtin_prefetch(coming + s * WIDTH * LANES, 0, 2);
      vec b[8];
#pragma GCC unroll 8
      for (int v = 0; v < WIDTH; v++) b[v] = load(B + (s * WIDTH + v) * LANES);
#pragma GCC unroll 32
      for (int r = 0; r < ROWS; r++) {
        const vec a = splat(ELEMENT(r, s));
#pragma GCC unroll 8
        for (int v = 0; v < WIDTH; v++) sums[(s * ROWS + r) * WIDTH + v] += a * b[v];
      }
    }
    B += SPLIT * WIDTH * LANES;
    coming += SPLIT * WIDTH * LANES;
#pragma GCC unroll 5
    for (int i = 0; i < POINTERS; i++) {
      A[i] += STEP ? SPLIT * STEP : SPLIT;
      __asm__("" : "+r"(A[i])); /* or the compiler makes it fourteen pointers, most of them in memory */
    }
  }
  for (int s = 0; k + s < t.depth; s++)
#pragma GCC unroll 32
    for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 8
      for (int v = 0; v < WIDTH; v++) sums[r * WIDTH + v] += splat(ELEMENT(r, s)) * load(B + (s * WIDTH + v) * LANES);
#undef ELEMENT
#pragma GCC unroll 4
  for (int s = 1; s < SPLIT; s++)
#pragma GCC unroll 32
    for (int i = 0; i < ROWS * WIDTH; i++) sums[i] += sums[s * ROWS * WIDTH + i];
#pragma GCC unroll 32
  for (int r = 0; r < ROWS; r++) {
#pragma GCC unroll 8
    for (int v = 0; v < WIDTH; v++) {
      REAL *c = t.C + r * t.pitch + v * LANES;
      const vec old = !t.fresh ? load(c) : t.bias ? load(t.bias + v * LANES) : (vec){};
      store(c, old + sums[r * WIDTH + v]);
    }
  }
}

/* One panel for all rows, in tiles of even heights, none higher than TALLEST. */
#define DEFINE_PANEL(NAME, WIDTH, TALLEST)                                                                   \
  static void NAME(Tile t, int64_t rows) {                                                                   \
    int64_t some;                                                                                            \
    for (int64_t tiles = (rows + TALLEST - 1) / TALLEST; tiles > 0; tiles--) {                               \
      some = (rows + tiles - 1) / tiles;                                                                     \
      switch (some) {                                                                                        \
        case 14: if (TALLEST >= 14) tile(14, WIDTH, 0, t); break;                                            \
        case 13: if (TALLEST >= 13) tile(13, WIDTH, 0, t); break;                                            \
        case 12: if (TALLEST >= 12) tile(12, WIDTH, 0, t); break;                                            \
        case 11: if (TALLEST >= 11) tile(11, WIDTH, 0, t); break;                                            \
        case 10: if (TALLEST >= 10) tile(10, WIDTH, 0, t); break;                                            \
        case 9: if (TALLEST >= 9) tile(9, WIDTH, 0, t); break;                                               \
        case 8: if (TALLEST >= 8) tile(8, WIDTH, 0, t); break;                                               \
        case 7: if (TALLEST >= 7) tile(7, WIDTH, 0, t); break;                                               \
        case 6: if (TALLEST >= 6) tile(6, WIDTH, 0, t); break;                                               \
        case 5: if (TALLEST >= 5) tile(5, WIDTH, 0, t); break;                                               \
        case 4: if (TALLEST >= 4) tile(4, WIDTH, 0, t); break;                                               \
        case 3: if (TALLEST >= 3) tile(3, WIDTH, 0, t); break;                                               \
        case 2: if (TALLEST >= 2) tile(2, WIDTH, 0, t); break;                                               \
        case 1: if (TALLEST >= 1) tile(1, WIDTH, 0, t); break;                                               \
      }                                                                                                      \
      rows -= some, t.A += some * t.stride, t.C += some * t.pitch, t.coming += LANES;                        \
    }                                                                                                        \
  }
DEFINE_PANEL(whole_panel, PANEL, MOST_ROWS)
DEFINE_PANEL(edge_panel, 1, 6)

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

/* Vector at which panel `place` of the panels from vector `first` begins. */
INLINE int64_t panel_start(int64_t place, int64_t first, int64_t edge) {
  const int64_t whole = first < edge ? (edge - first) / PANEL : 0;
  return place < whole ? first + place * PANEL : (first < edge ? edge : first) + place - whole;
}

/* The part [k, end) of the depth of the panel at vector v. */
INLINE void panel(Tile t, int64_t rows, int64_t v, int64_t wide, int64_t k, int64_t end, int64_t starts,
                  const REAL *coming) {
  t.A += k;
  t.B += v * LANES * t.depth + k * wide * LANES;
  t.C += v * LANES;
  if (t.bias) t.bias += v * LANES;
  t.fresh = t.fresh && starts;
  t.depth = end - k;
  t.coming = coming ? coming : t.B + t.depth * wide * LANES;
  if (wide == PANEL) whole_panel(t, rows);
  else edge_panel(t, rows);
}

void product(const Tile whole, int64_t rows, int64_t first, int64_t last, int64_t total, const Heads *heads) {
  const int64_t edge = total - total % PANEL;
  int64_t panels = 0;
  while (panel_start(panels, first, edge) < last) panels++;
  for (int64_t done = 0; done < panels; done++) {
    const int64_t place = whole.downwards ? panels - 1 - done : done;
    const int64_t follower = done + 1 == panels ? place : whole.downwards ? place - 1 : place + 1;
    const int64_t v = panel_start(place, first, edge), next = panel_start(follower, first, edge);
    const int64_t wide = v < edge ? PANEL : 1;
    int64_t from = 0, to = whole.depth;
    if (heads) depth_of(heads, v, wide, &from, &to);
    for (int64_t k = from; k < to; k += DEEPEST) {
      const int64_t end = k + DEEPEST < to ? k + DEEPEST : to;
      const REAL *coming = end < to ? NULL : whole.B + next * LANES * whole.depth + from * wide * LANES;
      panel(whole, rows, v, wide, k, end, k == from, coming);
    }
  }
}
