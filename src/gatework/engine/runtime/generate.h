/* The loop of a language model that writes: embedding, layers, output layer, draw, again.
 *
 * All memory is the caller's. Each state has two places: even steps read the first and write the second, odd
 * steps the other way round, so every layer has two sets of arguments and nothing is moved.
 */
#include <time.h>

typedef struct {
  void (*step)(const int64_t *);
  const int64_t *arguments[2];
} Layer;

/* What a symbol means to the first layer: its row of `rows` (symbols x width) goes to `chosen` (batch x width). */
typedef struct {
  const REAL *rows;
  REAL *chosen;
  int64_t width;
} Table;

typedef struct {
  REAL *places[2];     /* batch x width */
  const REAL *initial; /* batch x width: what a row returns to where a document ends */
  int64_t width;
} State;

typedef struct {
  int64_t batch, symbols, layers, tables, states;
  const Layer *layer;
  const Table *table;
  const State *state;
  Affine output[2]; /* after even, after odd numbers of steps */
  int64_t output_threads;
  Sampling sampling;
  uint64_t *streams; /* batch */
  double *weights;   /* symbols */
  int64_t *heap;     /* symbols */
  int64_t *recent;   /* batch x most_recent: the last symbols of each row, the oldest is overwritten */
  int64_t most_recent;
  const int64_t *ending, *fallback; /* ending_length; fallback as in Knuth, Morris and Pratt 1977 */
  int64_t ending_length;
  int64_t *matched; /* batch: how many symbols of the ending were read last */
  int64_t steps;    /* so far */
  int64_t diverged; /* whether a logit was no finite number */
} Generator;

/* Whether this symbol ends a document of row b: found from left to right, no two ends overlapping. */
static int ends_document(const Generator *g, int64_t b, int64_t symbol) {
  int64_t matched = g->matched[b];
  while (matched && g->ending[matched] != symbol) matched = g->fallback[matched - 1];
  matched += g->ending[matched] == symbol;
  const int ends = matched == g->ending_length;
  g->matched[b] = ends ? 0 : matched;
  return ends;
}

/* Read one symbol a row. The first of all starts a document, whatever it is. */
static void read_step(Generator *g, const int64_t *symbols) {
  const int64_t odd = g->steps % 2;
  for (int64_t b = 0; b < g->batch; b++) {
    if (g->steps && g->ending_length && ends_document(g, b, symbols[b]))
      for (const State *s = g->state; s < g->state + g->states; s++)
        memcpy(s->places[odd] + b * s->width, s->initial + b * s->width, (size_t)s->width * sizeof(REAL));
    for (const Table *t = g->table; t < g->table + g->tables; t++)
      memcpy(t->chosen + b * t->width, t->rows + symbols[b] * t->width, (size_t)t->width * sizeof(REAL));
    g->recent[b * g->most_recent + g->steps % g->most_recent] = symbols[b];
  }
  for (const Layer *l = g->layer; l < g->layer + g->layers; l++) l->step(l->arguments[odd]);
  g->steps++;
}

static void output_share(const void *arguments, int64_t thread, int64_t threads, Barrier *barrier) {
  const Generator *g = arguments;
  (void)barrier;
  affine_share(&g->output[g->steps % 2], g->batch, thread, threads);
}

static const REAL *row_of_logits(const Generator *g, int64_t b) { return g->output[0].C + b * g->output[0].width; }

static int all_finite(const Generator *g) {
  for (int64_t b = 0; b < g->batch; b++)
    for (int64_t i = 0; i < g->symbols; i++)
      if (!isfinite(row_of_logits(g, b)[i])) return 0;
  return 1;
}

static double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The distribution of the next symbol of row b, into g->weights. */
void distribution(Generator *g, int64_t b) {
  const int64_t recents = g->steps < g->most_recent ? g->steps : g->most_recent;
  weigh(&g->sampling, g->symbols, row_of_logits(g, b), g->recent + b * g->most_recent, recents, g->weights, g->heap);
}

/* Read `count` symbols a row (count x batch); afterwards the logits are those of the symbol that follows. */
void read_symbols(Generator *g, const int64_t *symbols, int64_t count) {
  for (int64_t t = 0; t < count; t++) read_step(g, symbols + t * g->batch);
  in_team(output_share, g, g->output_threads);
}

/* Write at most `most` symbols a row (most x batch), no new one after so many seconds, and return how many.
 * Where the logits are not finite, it ends there and says so in g->diverged. */
int64_t write_symbols(Generator *g, int64_t *symbols, int64_t most, double seconds) {
  const double deadline = seconds_now() + seconds;
  for (int64_t t = 0; t < most; t++, symbols += g->batch) {
    if (t && seconds_now() > deadline) return t;
    g->diverged = !all_finite(g);
    if (g->diverged) return t;
    for (int64_t b = 0; b < g->batch; b++) {
      distribution(g, b);
      symbols[b] = draw(g->weights, g->symbols, &g->streams[b]);
    }
    read_symbols(g, symbols, 1);
  }
  return most;
}
