/* The threads of a kernel: torch's own OpenMP team where the kernel is linked to it, else one thread. */
#include <sched.h>
#ifdef _OPENMP
#include <omp.h>
#endif

typedef struct {
  int64_t waiting __attribute__((aligned(64)));
  int64_t round __attribute__((aligned(64)));
  int64_t size __attribute__((aligned(64)));
} Barrier;

/* Wait for all threads of the team. Steps are microseconds long: spin, and give way only after a while. */
static void __attribute__((unused)) meet(Barrier *barrier) {
  const int64_t round = __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE);
  if (__atomic_add_fetch(&barrier->waiting, 1, __ATOMIC_ACQ_REL) == barrier->size) {
    __atomic_store_n(&barrier->waiting, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&barrier->round, round + 1, __ATOMIC_RELEASE);
    return;
  }
  for (int64_t spins = 0; __atomic_load_n(&barrier->round, __ATOMIC_ACQUIRE) == round; spins++) {
    if (spins > 4000) sched_yield();
#if defined(__x86_64__) || defined(__i386__)
    else __builtin_ia32_pause();
#endif
  }
}

/* The part of the work that is one thread's: every `row_step`th row and all units of [first, last). */
typedef struct {
  int64_t first_row, last_row, row_step, first_unit, last_unit, thread;
  Barrier *barrier; /* NULL where threads share nothing */
} Share;

/* Split the rows evenly, or the units in multiples of four vectors (a multiple of every panel's width). */
INLINE Share share_of(int64_t thread, int64_t threads, int64_t rows, int64_t units, int64_t by_units, Barrier *b) {
  Share share = {0, rows, 1, 0, units, thread, NULL};
  if (threads == 1) return share;
  if (by_units) {
    const int64_t grain = 4 * LANES, grains = (units + grain - 1) / grain;
    share.first_unit = grains * thread / threads * grain;
    share.last_unit = grains * (thread + 1) / threads * grain;
    if (share.last_unit > units) share.last_unit = units;
    if (share.first_unit > units) share.first_unit = units;
    share.barrier = b;
  } else {
    share.first_row = rows * thread / threads;
    share.last_row = rows * (thread + 1) / threads;
  }
  return share;
}

/* Rows that end one after the other from the last: dealt out in turn, shares stay even and no row changes hands. */
INLINE void deal_rows(Share *share, int64_t threads) {
  if (threads == 1 || share->barrier) return;
  share->first_row = share->thread;
  share->row_step = threads;
}

INLINE int64_t rows_of(const Share *share) {
  return (share->last_row - share->first_row + share->row_step - 1) / share->row_step;
}

INLINE void in_team(void (*body)(const void *, int64_t, int64_t, Barrier *), const void *arguments, int64_t threads) {
  Barrier barrier = {0, 0, 1};
#ifdef _OPENMP
  if (threads > 1) {
#pragma omp parallel num_threads((int)threads)
    {
#pragma omp single
      barrier.size = omp_get_num_threads();
      body(arguments, omp_get_thread_num(), omp_get_num_threads(), &barrier);
    }
    return;
  }
#endif
  body(arguments, 0, 1, &barrier);
}
