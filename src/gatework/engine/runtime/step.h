/* Single steps: buffers of pre-activations are filled here, not by torch. Arguments: those of forward, the
 * number of buffers, then an Affine for each. */
static void step_share(const void *arguments, int64_t thread, int64_t threads, Barrier *barrier) {
  const int64_t *given = arguments, *forward_arguments = (const int64_t *)given[0], count = given[1];
  const int64_t rows = ((const Forward *)forward_arguments)->B;
  const Affine *affine = (const Affine *)(given + 2);
  for (int64_t i = 0; i < count; i++) affine_share(affine + i, rows, thread, threads);
  if (threads > 1) meet(barrier);
  forward_share(forward_arguments, thread, threads, barrier);
}
void step(const int64_t *arguments) {
  in_team(step_share, arguments, ((const Forward *)arguments[0])->threads);
}
