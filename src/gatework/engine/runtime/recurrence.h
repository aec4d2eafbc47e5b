/* Linear recurrences, s_t = A_t s_{t-1} + b_t, where A_t is an n x n matrix for each of N columns, and their
 * gradients. All arrays are (T, N), but for the start, (N), and those parts of A that are the same at all steps,
 * (1, N). What a step reads was just written and is in the first cache: the time goes into reading A and b once. */

enum { MOST_STATES = 8, COLUMNS = 2048 }; /* columns of a tile: its rows of all arrays fit in the first two caches */

typedef struct {
  int64_t steps, columns, n;
  int64_t A_steps[MOST_STATES * MOST_STATES];
  const REAL *A[MOST_STATES * MOST_STATES], *b[MOST_STATES], *start[MOST_STATES];
  REAL *s[MOST_STATES];
  const REAL *ds[MOST_STATES]; /* gradients of s; the fields from here on belong to the way back */
  REAL *dA[MOST_STATES * MOST_STATES], *db[MOST_STATES];
} Recurrence;

/* to = a * p + b, where b may be to. */
INLINE void multiply_add(REAL *to, const REAL *a, const REAL *p, const REAL *b, int64_t count) {
#pragma GCC ivdep
  for (int64_t u = 0; u < count; u++) to[u] = a[u] * p[u] + b[u];
}
INLINE void multiply(REAL *to, const REAL *a, const REAL *p, int64_t count) {
#pragma GCC ivdep
  for (int64_t u = 0; u < count; u++) to[u] = a[u] * p[u];
}

INLINE const REAL *coefficient(const Recurrence *r, int64_t part, int64_t t) {
  return r->A[part] + (r->A_steps[part] > 1 ? t * r->columns : 0);
}
INLINE const REAL *before(const Recurrence *r, int64_t state, int64_t t) {
  return t ? r->s[state] + (t - 1) * r->columns : r->start[state];
}

INLINE void recur(const Recurrence *r, const int64_t n, int64_t first, int64_t count) {
  for (int64_t t = 0; t < r->steps; t++)
    for (int64_t i = 0; i < n; i++) {
      REAL *const to = r->s[i] + t * r->columns + first;
      const REAL *so_far = r->b[i] + t * r->columns + first;
      for (int64_t j = 0; j < n; j++, so_far = to)
        multiply_add(to, coefficient(r, i * n + j, t) + first, before(r, j, t) + first, so_far, count);
    }
}

/* db_t = ds_t + A_{t+1}' db_{t+1};  dA_t = db_t s_{t-1}', summed over the steps where A is the same at all. */
INLINE void recur_back(const Recurrence *r, const int64_t n, int64_t first, int64_t count) {
  for (int64_t t = r->steps - 1; t >= 0; t--) {
    for (int64_t i = 0; i < n; i++) {
      REAL *const to = r->db[i] + t * r->columns + first;
      const REAL *so_far = r->ds[i] + t * r->columns + first;
      if (t == r->steps - 1) memcpy(to, so_far, (size_t)count * sizeof(REAL));
      else
        for (int64_t j = 0; j < n; j++, so_far = to)
          multiply_add(to, coefficient(r, j * n + i, t + 1) + first, r->db[j] + (t + 1) * r->columns + first, so_far,
                       count);
    }
    for (int64_t i = 0; i < n; i++)
      for (int64_t j = 0; j < n; j++) {
        const int64_t part = i * n + j, summed = r->A_steps[part] == 1 && t < r->steps - 1;
        REAL *const to = r->dA[part] + (r->A_steps[part] > 1 ? t * r->columns : 0) + first;
        const REAL *const db = r->db[i] + t * r->columns + first, *const s = before(r, j, t) + first;
        if (summed) multiply_add(to, db, s, to, count);
        else multiply(to, db, s, count);
      }
  }
}

#define IN_TILES(NAME, BODY)                                                                            \
  static void NAME##_share(const void *arguments, int64_t thread, int64_t threads, Barrier *barrier) {  \
    const Recurrence *r = arguments;                                                                    \
    const Share share = share_of(thread, threads, 1, r->columns, 1, barrier);                           \
    for (int64_t first = share.first_unit; first < share.last_unit; first += COLUMNS) {                 \
      const int64_t left = share.last_unit - first, count = left < COLUMNS ? left : COLUMNS;            \
      if (r->n == 1) BODY(r, 1, first, count);                                                          \
      else BODY(r, r->n, first, count);                                                                 \
    }                                                                                                   \
  }                                                                                                     \
  void NAME(const Recurrence *r, int64_t threads) { in_team(NAME##_share, r, threads); }

IN_TILES(recurrence, recur)
IN_TILES(recurrence_back, recur_back)
