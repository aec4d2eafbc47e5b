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

/* Rarer functions, and rare arguments, go through the C library, lane by lane. */
#if REAL_BITS == 32
#define LIBRARY(name) name##f
#else
#define LIBRARY(name) name
#endif
#define LANEWISE(function, name)                                                                             \
  INLINE vec function(vec x) {                                                                               \
    for (int64_t i = 0; i < LANES; i++) x[i] = LIBRARY(name)(x[i]);                                          \
    return x;                                                                                                \
  }
LANEWISE(library_log1p, log1p)
LANEWISE(v_sqrt, sqrt)
LANEWISE(v_erf, erf)
LANEWISE(library_log, log)
LANEWISE(library_sin, sin)
LANEWISE(library_cos, cos)

INLINE int everywhere(mask m) {
  INTEGER all = -1;
  for (int64_t i = 0; i < LANES; i++) all &= m[i];
  return all != 0;
}

#if REAL_BITS == 32
#define LEAST_NORMAL 1.17549435e-38f
#define HALF_SQUARE_ROOT 0x3f3504f3 /* the bits of sqrt(1/2) */
#define WIDEST_ANGLE 8192.0f
#define QUARTER_TURN 1.57079637f /* pi / 2 in three parts */
#define QUARTER_TURN_2 -4.37113883e-8f
#define QUARTER_TURN_3 -1.71512489e-15f
#else
#define LEAST_NORMAL 2.2250738585072014e-308
#define HALF_SQUARE_ROOT 0x3fe6a09e667f3bcd
#define WIDEST_ANGLE 65536.0
#define QUARTER_TURN 1.5707963267948966
#define QUARTER_TURN_2 6.123233995736766e-17
#define QUARTER_TURN_3 -1.4973849048591833e-33
#endif

/* x = 2^k (1 + f), 1 + f between sqrt(1/2) and sqrt(2); log(1 + f) by a polynomial in s = f / (2 + f), from
 * FreeBSD's msun. */
INLINE vec v_log(vec x) {
  if (!everywhere((x >= LEAST_NORMAL) & (x < INFINITY))) return library_log(x);
  const mask n = ((mask)x - HALF_SQUARE_ROOT) >> MANTISSA_BITS;
  const vec f = (vec)((mask)x - (n << MANTISSA_BITS)) - 1;
  const vec k = __builtin_convertvector(n, vec), s = f / (2 + f), z = s * s, half = f * f * (REAL)0.5;
#if REAL_BITS == 32
  vec q = splat(0.24279078841f);
  q = q * z + 0.28498786688f;
  q = q * z + 0.40000972152f;
  q = q * z + 0.66666662693f;
#else
  vec q = splat(1.479819860511658591e-01);
  q = q * z + 1.531383769920937332e-01;
  q = q * z + 1.818357216161805012e-01;
  q = q * z + 2.222219843214978396e-01;
  q = q * z + 2.857142874366239149e-01;
  q = q * z + 3.999999999940941908e-01;
  q = q * z + 6.666666666666735130e-01;
#endif
  return k * LOG2_HIGH - ((half - (s * (half + q * z) + k * LOG2_LOW)) - f);
}

/* log(1 + x) = log(u) * x / (u - 1), where u = 1 + x as rounded: the rounding cancels (Goldberg 1991, theorem 4). */
INLINE vec v_log1p(vec x) {
  const vec u = 1 + x;
  if (!everywhere((u >= LEAST_NORMAL) & (u < INFINITY))) return library_log1p(x);
  return v_where(u == 1, x, v_log(u) * (x / (u - 1)));
}

/* The sine of x + quarters * pi / 2: x less whole quarter turns, then a polynomial (Cephes; msun) for the sine
 * or for the cosine. Wide angles, and machines on which subtracting would round twice, use the library. */
INLINE vec sine(vec x, INTEGER quarters) {
  const vec shifted = x * (REAL)0.63661977236758134308 + INTEGERS_ONLY;
  const vec k = shifted - INTEGERS_ONLY;
  const mask n = (mask)shifted - (mask)splat(INTEGERS_ONLY) + quarters;
  vec r = x - k * QUARTER_TURN;
  r = r - k * QUARTER_TURN_2;
  r = r - k * QUARTER_TURN_3;
  const vec z = r * r;
#if REAL_BITS == 32
  vec s = splat(-1.9515295891e-4f), c = splat(2.443315711809948e-5f);
  s = s * z + 8.3321608736e-3f;
  s = s * z - 1.6666654611e-1f;
  c = c * z - 1.388731625493765e-3f;
  c = c * z + 4.166664568298827e-2f;
#else
  vec s = splat(1.58969099521155010221e-10), c = splat(-1.13596475577881948265e-11);
  s = s * z - 2.50507602534068634195e-08;
  s = s * z + 2.75573137070700676789e-06;
  s = s * z - 1.98412698298579493134e-04;
  s = s * z + 8.33333333332248946124e-03;
  s = s * z - 1.66666666666666324348e-01;
  c = c * z + 2.08757232129817482790e-09;
  c = c * z - 2.75573143513906633035e-07;
  c = c * z + 2.48015872894767294178e-05;
  c = c * z - 1.38888888888741095749e-03;
  c = c * z + 4.16666666666666019037e-02;
#endif
  const vec value = v_where((n & 1) == 0, r + r * z * s, 1 - (z * (REAL)0.5 - z * z * c));
  return v_where((n & 2) == 0, value, -value);
}

#if defined(__FMA__) || defined(__aarch64__)
INLINE mask narrow(vec x) { return (x < WIDEST_ANGLE) & (x > -WIDEST_ANGLE); }
INLINE vec v_sin(vec x) { return everywhere(narrow(x)) ? v_where(x == 0, x, sine(x, 0)) : library_sin(x); }
INLINE vec v_cos(vec x) { return everywhere(narrow(x)) ? sine(x, 1) : library_cos(x); }
#else
INLINE vec v_sin(vec x) { return library_sin(x); }
INLINE vec v_cos(vec x) { return library_cos(x); }
#endif
