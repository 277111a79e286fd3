/* The peer for linear algebra: the median seconds, and seconds of processor
 * time, of FLINT's routines on a random n x n matrix of 53-bit integers.
 *
 *   gcc -O2 -o flint_linalg flint_linalg.c -lflint -lgmp
 *   ./flint_linalg det|rank|null N RUNS */
#include <flint/fmpz_mat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(clockid_t c) { struct timespec t; clock_gettime(c, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }

static int by_size(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }

int main(int argc, char **argv) {
  if (argc != 4) { fprintf(stderr, "usage: flint_linalg det|rank|null N RUNS\n"); return 2; }
  long n = atol(argv[2]);
  int runs = atoi(argv[3]);
  double *seconds = malloc(sizeof *seconds * runs), *cpu = malloc(sizeof *cpu * runs);
  flint_rand_t state;
  fmpz_mat_t a;
  fmpz_t d;
  flint_randinit(state);
  int rank = !strcmp(argv[1], "rank"); /* of n rows and n + 1 columns */
  fmpz_mat_init(a, n, n + rank);
  fmpz_init(d);
  fmpz_mat_randbits(a, state, 53);
  for (long i = 0; i < n; i++) for (long j = 0; j < n + rank; j++) if (n_randint(state, 2)) fmpz_neg(fmpz_mat_entry(a, i, j), fmpz_mat_entry(a, i, j));
  int null = !strcmp(argv[1], "null"); /* the last row is the sum of the others */
  for (long j = 0; null && j < n; j++) {
    fmpz_zero(fmpz_mat_entry(a, n - 1, j));
    for (long i = 0; i < n - 1; i++) fmpz_add(fmpz_mat_entry(a, n - 1, j), fmpz_mat_entry(a, n - 1, j), fmpz_mat_entry(a, i, j));
  }
  for (int k = 0; k < runs; k++) {
    double start = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    if (!strcmp(argv[1], "det")) fmpz_mat_det(d, a);
    else if (rank || null) fmpz_mat_rank(a);
    else return 2;
    seconds[k] = now(CLOCK_MONOTONIC) - start;
    cpu[k] = now(CLOCK_PROCESS_CPUTIME_ID) - used;
  }
  qsort(seconds, runs, sizeof *seconds, by_size);
  qsort(cpu, runs, sizeof *cpu, by_size);
  printf("%.6f %.6f\n", seconds[runs / 2], cpu[runs / 2]);
  return 0;
}
