/* Single steps: buffers of pre-activations are filled here, bias + x W with W packed in panels four vectors
 * wide, not by torch. Arguments: those of forward, the number of buffers, then for each x, panels, bias,
 * buffer, depth and width. */
static void step_share(const void *arguments, int64_t thread, int64_t threads, Barrier *barrier) {
  const int64_t *given = arguments, *forward_arguments = (const int64_t *)given[0], count = given[1];
  const int64_t rows = ((const Forward *)forward_arguments)->B;
  for (const int64_t *affine = given + 2; affine < given + 2 + 6 * count; affine += 6) {
    const REAL *bias = (const REAL *)affine[2];
    REAL *C = (REAL *)affine[3];
    const int64_t depth = affine[4], width = affine[5], vectors = width / LANES;
    const int64_t first = vectors / 4 * thread / threads * 4;
    const int64_t last = thread + 1 == threads ? vectors : vectors / 4 * (thread + 1) / threads * 4;
    for (int64_t b = 0; b < rows; b++)
      memcpy(C + b * width + first * LANES, bias + first * LANES, (size_t)((last - first) * LANES) * sizeof(REAL));
    product_4((Tile){(const REAL *)affine[0], depth, (const REAL *)affine[1], C, width, depth}, rows, first, last,
              vectors, NULL);
  }
  if (threads > 1) meet(barrier);
  forward_share(forward_arguments, thread, threads, barrier);
}
void step(const int64_t *arguments) {
  in_team(step_share, arguments, ((const Forward *)arguments[0])->threads);
}
