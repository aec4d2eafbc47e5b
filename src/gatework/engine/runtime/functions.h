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
  const vec scale = scaled(splat(1), e);
  return v_where(x < SIGMOID_LOW, splat(0), reciprocal(e.p * scale + (scale + 1)));
}

/* -expm1(-2|x|) / (expm1(-2|x|) + 2), accurate near zero too; past 40 the result is 1. */
INLINE vec v_tanh(vec x) {
  const mask sign = (mask)splat((REAL)-0.0);
  const Exponent e = exponent(at_least((vec)((mask)x | sign) * 2, -80));
  const vec scale = scaled(splat(1), e);
  const vec m = e.p * scale + (scale - 1), d = m + 2, lost = m - (d - 2);
  const vec r = reciprocal(d), q = m * r; /* then what is left of m, and what d has lost to rounding */
  return (vec)(((mask)(q + r * (m - q * d - q * lost)) & ~sign) | ((mask)x & sign));
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
