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
#define TILE_VECTORS 24 /* accumulators of a register tile: 32 registers less operands */
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

/* exp and its kin: x = k log 2 + r with |r| <= log(2) / 2, exp(x) = 2^k (1 + p), p = exp(r) - 1.
 * k is found by adding a number so large that only integers can be represented near it; its bits then
 * hold k. */
#if REAL_BITS == 32
#define EXP_LOW -104.0f
#define EXP_HIGH 89.0f
#define SIGMOID_LOW -87.3f
#define INTEGERS_ONLY 12582912.0f
#define LOG2_HIGH 0.693359375f
#define LOG2_LOW -2.12194440e-4f
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#else
#define EXP_LOW -746.0
#define EXP_HIGH 710.0
#define SIGMOID_LOW -708.3
#define INTEGERS_ONLY 6755399441055744.0
#define LOG2_HIGH 6.93147180369123816490e-01
#define LOG2_LOW 1.90821492927058770002e-10
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#endif

typedef struct {
  vec p;  /* exp(r) - 1 */
  vec k;  /* the power of two, a whole number */
  mask n; /* the same as an integer */
} Exponent;

INLINE Exponent exponent(vec x) {
  const vec shifted = x * (REAL)1.44269504088896340736 + INTEGERS_ONLY;
  const vec k = shifted - INTEGERS_ONLY;
  const vec r = (x - k * LOG2_HIGH) - k * LOG2_LOW;
#if REAL_BITS == 32
  vec q = splat(1 / 5040.0f);
  q = q * r + 1 / 720.0f;
#else
  vec q = splat(1 / 6227020800.0);
  q = q * r + 1 / 479001600.0;
  q = q * r + 1 / 39916800.0;
  q = q * r + 1 / 3628800.0;
  q = q * r + 1 / 362880.0;
  q = q * r + 1 / 40320.0;
  q = q * r + 1 / 5040.0;
  q = q * r + 1 / 720.0;
#endif
  q = q * r + (REAL)(1 / 120.0);
  q = q * r + (REAL)(1 / 24.0);
  q = q * r + (REAL)(1 / 6.0);
  q = q * r + (REAL)0.5;
  const Exponent result = {q * r * r + r, k, (mask)shifted - (mask)splat(INTEGERS_ONLY)};
  return result;
}

INLINE vec power_of_two(mask n) { return (vec)((n + EXPONENT_BIAS) << MANTISSA_BITS); }

/* Three things that AVX-512 does in one instruction and that the compiler does not find by itself. */
#if defined(__AVX512F__)
#if REAL_BITS == 32
#define SUFFIX "ps"
#else
#define SUFFIX "pd"
#endif
INLINE vec at_least(vec x, REAL low) {
  __asm__("vmax" SUFFIX " %0, %1, %0" : "+v"(x) : "v"(splat(low))); /* gives the NaN if x is one */
  return x;
}
INLINE vec at_most(vec x, REAL high) {
  __asm__("vmin" SUFFIX " %0, %1, %0" : "+v"(x) : "v"(splat(high)));
  return x;
}
INLINE vec scaled(vec x, Exponent e) {
  __asm__("vscalef" SUFFIX " %1, %0, %0" : "+v"(x) : "v"(e.k));
  return x;
}
#else
INLINE vec at_least(vec x, REAL low) { return v_where(x < low, splat(low), x); }
INLINE vec at_most(vec x, REAL high) { return v_where(x > high, splat(high), x); }
INLINE vec scaled(vec x, Exponent e) {
  const mask half = e.n >> 1; /* in two halves, so that neither overflows before the result does */
  return x * power_of_two(half) * power_of_two(e.n - half);
}
#endif

/* 1 / x for x within the normal numbers: an estimate and a Newton step, a third of a division's time. */
INLINE vec reciprocal(vec x) {
#if defined(__AVX512F__) && REAL_BITS == 32
  vec r;
  __asm__("vrcp14ps %1, %0" : "=v"(r) : "v"(x));
  return r + r * (1 - x * r);
#else
  return 1 / x;
#endif
}

INLINE vec v_exp(vec x) {
  const Exponent e = exponent(at_most(at_least(x, EXP_LOW), EXP_HIGH));
  return scaled(e.p + 1, e);
}

INLINE vec v_expm1(vec x) {
  const Exponent e = exponent(at_most(at_least(x, EXP_LOW), EXP_HIGH));
  const vec scale = scaled(splat(1), e);
  const vec near = e.p * scale + (scale - 1), far = scaled(e.p + 1, e) - 1; /* near cannot reach infinity */
  return v_where(x > EXP_HIGH - 2, far, v_where(x == 0, x, near));
}

/* 1 / (1 + exp(-x)); below SIGMOID_LOW, where the result would not be a normal number, zero. */
INLINE vec v_sigmoid(vec x) {
  const Exponent e = exponent(at_most(at_least(-x, EXP_LOW), -SIGMOID_LOW));
  return v_where(x < SIGMOID_LOW, splat(0), reciprocal(1 + scaled(e.p + 1, e)));
}

/* -expm1(-2|x|) / (expm1(-2|x|) + 2), accurate near zero too; past 40 the result is 1. */
INLINE vec v_tanh(vec x) {
  const mask sign = (mask)splat((REAL)-0.0);
  const Exponent e = exponent(at_least((vec)((mask)x | sign) * 2, -80));
  const vec scale = scaled(splat(1), e);
  const vec m = e.p * scale + (scale - 1);
  return (vec)(((mask)(m * reciprocal(m + 2)) & ~sign) | ((mask)x & sign));
}

/* Rarer functions go through the C library, lane by lane. */
#if REAL_BITS == 32
#define LIBRARY(name) name##f
#else
#define LIBRARY(name) name
#endif
#define LANEWISE(name)                                                                                       \
  INLINE vec v_##name(vec x) {                                                                               \
    for (int64_t i = 0; i < LANES; i++) x[i] = LIBRARY(name)(x[i]);                                          \
    return x;                                                                                                \
  }
LANEWISE(log)
LANEWISE(log1p)
LANEWISE(sqrt)
LANEWISE(sin)
LANEWISE(cos)
LANEWISE(erf)
