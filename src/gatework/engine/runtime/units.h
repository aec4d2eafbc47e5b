/* One row of a state or a gradient, the units of one thread. Padded rows end with a whole vector, others at H. */

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
