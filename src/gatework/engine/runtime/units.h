/* One row of a state or a gradient, the units of one thread. Padded rows end with a whole vector, others at H. */

/* Where step t begins in an array that has room for so many steps, or for all steps of ragged rows. */
INLINE int64_t start_of(const int64_t *offsets, int64_t t, int64_t steps, int64_t B) {
  return offsets ? offsets[t] : t % steps * B;
}

/* What a state was before each step: after the step before, or after a reset the initial one. */
void states_before(const int64_t *arguments) {
  const struct {
    REAL *to;
    const REAL *start, *initial, *states;
    const int64_t *offsets;
    const char *resets;
    int64_t T, B, H, threads;
  } *a = (const void *)arguments;
  const size_t row = (size_t)a->H * sizeof(REAL);
#pragma omp parallel for schedule(static) num_threads((int)a->threads) if (a->threads > 1)
  for (int64_t t = 0; t < a->T; t++) {
    const int64_t first = start_of(a->offsets, t, a->T, a->B), last = start_of(a->offsets, t + 1, a->T + 1, a->B);
    const REAL *before = t ? a->states + start_of(a->offsets, t - 1, a->T, a->B) * a->H : a->start;
    memcpy(a->to + first * a->H, before, (size_t)(last - first) * row);
    for (int64_t b = 0; a->resets && b < last - first; b++)
      if (a->resets[first + b]) memcpy(a->to + (first + b) * a->H, a->initial + b * a->H, row);
  }
}

/* Both rows end at H. */
INLINE void copy_units(REAL *to, const REAL *from, const Share *share, int64_t H) {
  const int64_t last = share->last_unit < H ? share->last_unit : H;
  if (last > share->first_unit)
    memcpy(to + share->first_unit, from + share->first_unit, (size_t)(last - share->first_unit) * sizeof(REAL));
}

/* `to` is padded, `from` ends at H. */
INLINE void add_units(REAL *to, const REAL *from, const Share *share, int64_t H) {
  for (int64_t j = share->first_unit; j < share->last_unit; j += LANES)
    store(to + j, load(to + j) + (H - j < LANES ? load_some(from + j, H - j) : load(from + j)));
}

/* Both rows are padded. */
INLINE void move_units(REAL *to, REAL *from, const Share *share) {
  for (int64_t j = share->first_unit; j < share->last_unit; j += LANES) {
    store(to + j, load(to + j) + load(from + j));
    store(from + j, splat(0));
  }
}
