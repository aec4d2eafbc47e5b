/* Weights between PyTorch's layout, one matrix a gate, and the kernel's: gates interleaved vector by vector,
 * so that the units of one thread are contiguous with all their gates.
 *
 * Row (or column) of unit u of gate g among G: (u / LANES * G + g) * LANES + u % LANES. Units past `hidden`
 * in the last vector are zero. Large weights are moved by `threads` threads.
 */
#define SHARED_LOOP _Pragma("omp parallel for schedule(static) num_threads((int)threads) if (threads > 1)")

int64_t lanes(void) { return LANES; }

/* gates[g] (hidden x width) or NULL for zeros -> joined (padded * G x width). */
void interleave(REAL *joined, const REAL *const *gates, int64_t G, int64_t hidden, int64_t width, int64_t threads) {
  SHARED_LOOP
  for (int64_t u = 0; u < (hidden + LANES - 1) / LANES * LANES; u++)
    for (int64_t g = 0; g < G; g++) {
      REAL *row = joined + ((u / LANES * G + g) * LANES + u % LANES) * width;
      if (u < hidden && gates[g]) memcpy(row, gates[g] + u * width, (size_t)width * sizeof(REAL));
      else memset(row, 0, (size_t)width * sizeof(REAL));
    }
}

/* Panels of the matrix (depth x padded * G) whose column for (u, g) is row u of gates[g] (hidden x depth). */
void pack_forward(REAL *panels, const REAL *const *gates, int64_t G, int64_t hidden, int64_t depth,
                  int64_t threads) {
  const int64_t total = (hidden + LANES - 1) / LANES * G, whole = total - total % PANEL;
  SHARED_LOOP
  for (int64_t v = 0; v < total; v++) {
    const int64_t wide = v < whole ? PANEL : 1, first = v < whole ? v - v % PANEL : v;
    REAL *panel = panels + first * LANES * depth + (v - first) * LANES;
    const int64_t u = v / G * LANES;
    const REAL *rows = gates[v % G] + u * depth;
    const int64_t n = !gates[v % G] ? 0 : hidden - u < LANES ? hidden - u : LANES;
    for (int64_t k = 0; k < depth; k++)
      for (int64_t i = 0; i < LANES; i++) panel[k * wide * LANES + i] = i < n ? rows[i * depth + k] : 0;
  }
}

/* Panels of the matrix (padded * G x depth) whose row for (u, g) is row u of gates[g] (hidden x depth). */
void pack_backward(REAL *panels, const REAL *const *gates, int64_t G, int64_t hidden, int64_t depth,
                   int64_t threads) {
  const int64_t padded = (hidden + LANES - 1) / LANES * LANES * G;
  const int64_t total = (depth + LANES - 1) / LANES, whole = total - total % PANEL;
  SHARED_LOOP
  for (int64_t v = 0; v < total; v++) {
    const int64_t wide = v < whole ? PANEL : 1, first = v < whole ? v - v % PANEL : v;
    REAL *panel = panels + first * LANES * padded + (v - first) * LANES;
    const int64_t n = depth - v * LANES < LANES ? depth - v * LANES : LANES;
    for (int64_t row = 0; row < padded; row++) {
      const int64_t u = row / (LANES * G) * LANES + row % LANES;
      vec x = {};
      if (u < hidden && gates[row / LANES % G]) {
        const REAL *from = gates[row / LANES % G] + u * depth + v * LANES;
        x = n == LANES ? load(from) : load_some(from, n);
      }
      store(panel + row * wide * LANES, x);
    }
  }
}
