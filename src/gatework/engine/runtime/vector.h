/* Vectors of the widest kind the target has, and the functions of a step on them.
 *
 * REAL is float or double. Compiled with value-safe arithmetic: no -ffast-math, so that NaN and infinity
 * pass through as IEEE 754 says.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#if defined(__AVX512F__)
#define VECTOR_BYTES 64
#define TILE_VECTORS 28 /* accumulators of a register tile: 32 registers less operands */
#elif defined(__AVX__)
#define VECTOR_BYTES 32
#define TILE_VECTORS 12
#elif defined(__aarch64__)
#define VECTOR_BYTES 16
#define TILE_VECTORS 24
#else
#define VECTOR_BYTES 16
#define TILE_VECTORS 12
#endif

#if REAL_BITS == 32
typedef float REAL;
typedef int32_t INTEGER;
#else
typedef double REAL;
typedef int64_t INTEGER;
#endif

#define LANES ((int64_t)(VECTOR_BYTES / sizeof(REAL)))
#define INLINE static inline __attribute__((always_inline, unused))

typedef REAL vec __attribute__((vector_size(VECTOR_BYTES)));
typedef INTEGER mask __attribute__((vector_size(VECTOR_BYTES))); /* all bits of a lane, or none */
typedef REAL loose __attribute__((vector_size(VECTOR_BYTES), aligned(sizeof(REAL)), may_alias));

INLINE vec splat(REAL x) { return x - (vec){}; }
INLINE mask splat_bits(INTEGER x) { return x - (mask){}; }

INLINE vec load(const REAL *p) { return *(const loose *)p; }
INLINE void store(REAL *p, vec x) { *(loose *)p = x; }

/* The first n lanes from memory, zeros after them. */
INLINE vec load_some(const REAL *p, int64_t n) {
  vec x = {};
  memcpy(&x, p, (size_t)n * sizeof(REAL));
  return x;
}
INLINE void store_some(REAL *p, vec x, int64_t n) { memcpy(p, &x, (size_t)n * sizeof(REAL)); }

INLINE vec v_where(mask m, vec a, vec b) { return (vec)((m & (mask)a) | (~m & (mask)b)); }

/* The first n lanes of x, then fill. */
INLINE vec keep(vec x, int64_t n, REAL fill) {
  for (int64_t i = n; i < LANES; i++) x[i] = fill;
  return x;
}

INLINE REAL sum_lanes(vec x) {
  REAL total = 0;
  for (int64_t i = 0; i < LANES; i++) total += x[i];
  return total;
}
INLINE REAL max_lanes(vec x) { /* NaN if any lane is, as torch.amax */
  REAL top = x[0];
  for (int64_t i = 1; i < LANES; i++) top = x[i] > top || x[i] != x[i] ? x[i] : top;
  return top;
}
INLINE vec max_seen(vec top, vec x) { return v_where((x > top) | (x != x), x, top); }

INLINE vec v_add(vec a, vec b) { return a + b; }
INLINE vec v_sub(vec a, vec b) { return a - b; }
INLINE vec v_mul(vec a, vec b) { return a * b; }
INLINE vec v_div(vec a, vec b) { return a / b; }
INLINE vec v_neg(vec a) { return -a; }
INLINE vec v_detach(vec a) { return a; }
INLINE vec v_kept_sigmoid(vec a) { return a; } /* the slot holds the activation already */
INLINE vec v_kept_tanh(vec a) { return a; }
INLINE mask v_less(vec a, vec b) { return a < b; }
INLINE mask v_less_equal(vec a, vec b) { return a <= b; }
INLINE mask v_equal(vec a, vec b) { return a == b; }
INLINE mask v_both(mask a, mask b) { return a & b; }
INLINE mask v_either(mask a, mask b) { return a | b; }
INLINE mask v_opposite(mask a) { return ~a; }
