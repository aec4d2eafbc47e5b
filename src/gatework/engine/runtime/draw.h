/* Which symbol comes next, given the logits: the distribution that gatework.generation.Sampling defines, and a
 * draw from it. Probabilities are in double, whatever the logits are.
 */
typedef struct {
  double temperature, top_p, repetition_penalty;
  int64_t top_k;
  int64_t forbidden; /* a symbol that is never drawn, or -1 */
} Sampling;

/* The heap has the likeliest symbol on top, of equals the first. */
INLINE int likelier(const double *weights, int64_t a, int64_t b) {
  return weights[a] > weights[b] || (weights[a] == weights[b] && a < b);
}
static void sift(int64_t *heap, int64_t count, int64_t at, const double *weights) {
  const int64_t moved = heap[at];
  for (int64_t child; (child = 2 * at + 1) < count; at = child) {
    if (child + 1 < count && likelier(weights, heap[child + 1], heap[child])) child++;
    if (!likelier(weights, heap[child], moved)) break;
    heap[at] = heap[child];
  }
  heap[at] = moved;
}

/* Move the likeliest of the first `count` to their end. */
static void pop(int64_t *heap, int64_t count, const double *weights) {
  const int64_t likeliest = heap[0];
  heap[0] = heap[count - 1];
  sift(heap, count - 1, 0, weights);
  heap[count - 1] = likeliest;
}

/* Set to zero what is neither among the top_k nor needed to reach top_p. */
static void cut(const Sampling *s, int64_t symbols, double *weights, int64_t *heap) {
  for (int64_t i = 0; i < symbols; i++) heap[i] = i;
  for (int64_t i = symbols / 2 - 1; i >= 0; i--) sift(heap, symbols, i, weights);
  const int64_t least = s->top_k < symbols ? symbols - s->top_k : 0;
  int64_t left = symbols; /* from here on the heap is sorted, the likeliest last */
  double total = 0;
  if (least)
    for (; left > least; left--) pop(heap, left, weights), total += weights[heap[left - 1]];
  else
    for (int64_t i = 0; i < symbols; i++) total += weights[i];
  int64_t kept = symbols;
  for (double reached = 0; kept > least && reached < s->top_p * total; reached += weights[heap[--kept]])
    if (kept == left) pop(heap, left--, weights);
  for (int64_t i = 0; i < (s->top_p < 1 ? kept : least); i++) weights[heap[i]] = 0;
}

/* What the probability of each symbol is proportional to: weights (symbols), zero where it cannot be drawn.
 * `recent` are the symbols that the repetition penalty is for; `heap` is room for as many numbers as symbols. */
static void weigh(const Sampling *s, int64_t symbols, const REAL *logits, const int64_t *recent, int64_t recents,
                  double *weights, int64_t *heap) {
  for (int64_t i = 0; i < symbols; i++) weights[i] = logits[i];
  if (s->repetition_penalty != 1)
    for (int64_t i = 0; i < recents; i++) {
      const double x = logits[recent[i]];
      weights[recent[i]] = x > 0 ? x / s->repetition_penalty : x * s->repetition_penalty;
    }
  if (s->forbidden >= 0) weights[s->forbidden] = -INFINITY;
  int64_t best = 0;
  for (int64_t i = 1; i < symbols; i++)
    if (weights[i] > weights[best]) best = i;
  const double top = weights[best];
  for (int64_t i = 0; i < symbols; i++)
    weights[i] = s->temperature > 0 ? exp((weights[i] - top) / s->temperature) : i == best;
  if (s->top_k < symbols || s->top_p < 1) cut(s, symbols, weights, heap);
}

/* The next number in [0, 1) of a stream: SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195). */
static double uniform(uint64_t *stream) {
  uint64_t z = *stream += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return (double)((z ^ z >> 31) >> 11) * 0x1p-53;
}

static int64_t draw(const double *weights, int64_t symbols, uint64_t *stream) {
  double total = 0;
  for (int64_t i = 0; i < symbols; i++) total += weights[i];
  double left = uniform(stream) * total;
  int64_t drawn = 0;
  for (int64_t i = 0; i < symbols && left >= 0; i++)
    if (weights[i] > 0) drawn = i, left -= weights[i];
  return drawn;
}
