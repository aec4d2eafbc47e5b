/* The product of all that is here: C (rows x vectors) += A (rows x depth) * B, B packed in panels.
 *
 * A panel is PANEL vectors wide and `depth` deep, contiguous: all a register tile reads, in its order.
 * What is left over at the right edge is packed as panels one vector wide. So vector v of a matrix lies
 * in the panel that starts at B + v' * LANES * depth, v' the panel's first vector.
 */
#define PANEL 2

typedef struct {
  const REAL *A;
  int64_t stride; /* of A's rows */
  const REAL *B;
  REAL *C;
  int64_t pitch; /* of C's rows */
  int64_t depth;
  int64_t fresh;      /* C has no values yet: it starts from bias, or from zero */
  const REAL *bias;   /* one row for all, or NULL */
  int64_t downwards;  /* take the panels from the last to the first */
  const REAL *coming; /* one vector in every WIDTH of the next panel: fetched while this one is used */
} Tile;

/* Block-diagonal weights: a panel needs only the part of the depth that the heads of its units see. */
typedef struct {
  int64_t heads;
  int64_t units, gates;     /* of the result: units, and how many gates' units are interleaved in its columns */
  int64_t inputs, in_gates; /* the same of A's columns; no gates: plain units, of which any may be first */
} Heads;

/* Vectors first to last of the C that `whole` describes; `total` is the width of the whole matrix. */
__attribute__((visibility("hidden"))) void product(const Tile whole, int64_t rows, int64_t first, int64_t last,
                                                   int64_t total, const Heads *heads);
