/* The peer: composes linear additive coupling layers exactly with FLINT, as
 * someone would who knows that library.
 *
 *   gcc -O2 -o flint_compose flint_compose.c -lflint -lgmp -lm
 *   ./flint_compose MODE DIR THREADS RUNS
 *
 * DIR holds 00_L.npy, 01_U.npy, ... (float64, C order; L is q x p, U is p x q)
 * and target.npy (n x n); the product is taken in the order of the files. MODE:
 *   block     the product over the integers, over one power of two, block by block
 *   residual  the same, and target - product
 *   wideBITS  as block, the weights divided by 3 to that many more bits
 *   full      the product over the integers with full n x n factors
 * Reading and converting the files is not timed. Prints the median seconds of
 * RUNS runs, the median seconds of processor time, and the peak memory in KB. */
#include <flint/fmpz_mat.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MAX = 64 };

typedef struct { long rows, cols; double *v; } matrix;

static void fail(const char *what, const char *path) { fprintf(stderr, "flint_compose: %s: %s\n", path, what); exit(2); }

static double now(clockid_t c) { struct timespec t; clock_gettime(c, &t); return t.tv_sec + 1e-9 * t.tv_nsec; }

/* Returns 0 if there is no such file. */
static int read_npy(matrix *m, const char *path) {
  unsigned char start[12];
  char head[65536], *shape;
  FILE *f = fopen(path, "rb");
  if (!f) return 0;
  if (fread(start, 1, 10, f) != 10 || memcmp(start, "\x93NUMPY", 6)) fail("not .npy", path);
  size_t len = start[8] | start[9] << 8;
  if (start[6] > 1 && fread(start + 10, 1, 2, f) != 2) fail("truncated", path);
  if (len >= sizeof head || fread(head, 1, len, f) != len) fail("truncated", path);
  head[len] = 0;
  shape = strstr(head, "'shape':");
  if (!strstr(head, "<f8") || strstr(head, "'fortran_order': True") || !shape || sscanf(strchr(shape, '('), "(%ld, %ld", &m->rows, &m->cols) != 2)
    fail("want a float64 matrix in C order", path);
  m->v = malloc(sizeof(double) * m->rows * m->cols);
  if (fread(m->v, sizeof(double), m->rows * m->cols, f) != (size_t)(m->rows * m->cols)) fail("truncated", path);
  fclose(f);
  return 1;
}

/* |x| = odd integer * 2^e, for x != 0; the integer with sign is returned. */
static long long odd(double x, int *e) {
  long long i = (long long)ldexp(frexp(x, e), 53);
  int z = __builtin_ctzll(i < 0 ? -i : i);
  *e += z - 53;
  return i / (1LL << z);
}

/* The matrix times 2^exp, which makes every entry an integer. */
static void to_fmpz(fmpz_mat_t z, const matrix *m, int exp) {
  int e;
  fmpz_mat_init(z, m->rows, m->cols);
  for (long i = 0; i < m->rows * m->cols; i++) {
    fmpz *x = fmpz_mat_entry(z, i / m->cols, i % m->cols);
    if (m->v[i] == 0) continue;
    fmpz_set_si(x, odd(m->v[i], &e));
    fmpz_mul_2exp(x, x, e + exp);
  }
}

static int least_exp(const matrix *m) {
  int e, least = 0;
  for (long i = 0; i < m->rows * m->cols; i++)
    if (m->v[i] != 0 && (odd(m->v[i], &e), e < least)) least = e;
  return least;
}

static int depth, exp_of_layers, upper[MAX];
static long n, p, q;
static fmpz_mat_t layer[MAX], target;
static fmpz_t unit;

/* [L, R] [[1, X], [0, 1]] = [L, R + L X], and its mirror image. */
static void block(int residual) {
  fmpz_mat_t left, right, s, w;
  fmpz_mat_init(left, n, p);
  fmpz_mat_init(right, n, q);
  for (long i = 0; i < p; i++) fmpz_one(fmpz_mat_entry(left, i, i));
  for (long i = 0; i < q; i++) fmpz_one(fmpz_mat_entry(right, p + i, i));
  for (int k = 0; k < depth; k++) {
    fmpz_mat_init(s, n, upper[k] ? q : p);
    if (upper[k]) fmpz_mat_mul(s, left, layer[k]); else fmpz_mat_mul(s, right, layer[k]);
    fmpz_mat_scalar_mul_fmpz(left, left, unit);
    fmpz_mat_scalar_mul_fmpz(right, right, unit);
    if (upper[k]) fmpz_mat_add(right, right, s); else fmpz_mat_add(left, left, s);
    fmpz_mat_clear(s);
  }
  if (residual) {
    fmpz_mat_window_init(w, target, 0, 0, n, p);
    fmpz_mat_sub(left, w, left);
    fmpz_mat_window_clear(w);
    fmpz_mat_window_init(w, target, 0, p, n, n);
    fmpz_mat_sub(right, w, right);
    fmpz_mat_window_clear(w);
  }
  fmpz_mat_clear(left);
  fmpz_mat_clear(right);
}

static void full_factor(fmpz_mat_t f, int k) {
  fmpz_mat_init(f, n, n);
  for (long i = 0; i < n; i++) fmpz_set(fmpz_mat_entry(f, i, i), unit);
  for (long i = 0; i < layer[k]->r; i++)
    for (long j = 0; j < layer[k]->c; j++)
      fmpz_set(upper[k] ? fmpz_mat_entry(f, i, p + j) : fmpz_mat_entry(f, p + i, j), fmpz_mat_entry(layer[k], i, j));
}

static fmpz_mat_t factor[MAX];

static void full(void) {
  fmpz_mat_t x, y;
  fmpz_mat_init_set(x, factor[0]);
  fmpz_mat_init(y, n, n);
  for (int k = 1; k < depth; k++) { fmpz_mat_mul(y, x, factor[k]); fmpz_mat_swap(x, y); }
  fmpz_mat_clear(x);
  fmpz_mat_clear(y);
}

static int by_size(const void *a, const void *b) { return (*(double *)a > *(double *)b) - (*(double *)a < *(double *)b); }

int main(int argc, char **argv) {
  char path[4096];
  matrix x[MAX], t;
  double seconds[1000], cpu[1000];
  struct rusage use;
  if (argc != 5) { fprintf(stderr, "usage: flint_compose block|residual|wideBITS|full DIR THREADS RUNS\n"); return 2; }
  const char *mode = argv[1];
  int runs = atoi(argv[4]), least = 0;
  if (runs < 1 || runs > 1000) fail("want 1 to 1000 runs", argv[4]);
  flint_set_num_threads(atoi(argv[3]));
  for (depth = 0; depth < MAX; depth++) {
    snprintf(path, sizeof path, "%s/%02d_U.npy", argv[2], depth);
    if ((upper[depth] = read_npy(&x[depth], path))) continue;
    snprintf(path, sizeof path, "%s/%02d_L.npy", argv[2], depth);
    if (!read_npy(&x[depth], path)) break;
  }
  snprintf(path, sizeof path, "%s/target.npy", argv[2]);
  if (!read_npy(&t, path) || !depth) fail("no layers or no target", argv[2]);
  n = t.rows;
  p = upper[0] ? x[0].rows : x[0].cols;
  q = n - p;
  for (int k = 0; k < depth; k++) if (least_exp(&x[k]) < least) least = least_exp(&x[k]);
  exp_of_layers = -least;
  if (exp_of_layers * depth < -least_exp(&t)) fail("target finer than the product", path);
  fmpz_init(unit);
  fmpz_one(unit);
  fmpz_mul_2exp(unit, unit, exp_of_layers);
  for (int k = 0; k < depth; k++) to_fmpz(layer[k], &x[k], exp_of_layers);
  if (!strncmp(mode, "wide", 4)) {
    long more = atol(mode + 4);
    for (int k = 0; k < depth; k++)
      for (long i = 0; i < x[k].rows * x[k].cols; i++) {
        fmpz *e = fmpz_mat_entry(layer[k], i / x[k].cols, i % x[k].cols);
        fmpz_mul_2exp(e, e, more);
        fmpz_tdiv_q_ui(e, e, 3);
      }
    fmpz_mul_2exp(unit, unit, more);
  }
  to_fmpz(target, &t, exp_of_layers * depth);
  if (!strcmp(mode, "full")) for (int k = 0; k < depth; k++) full_factor(factor[k], k);
  for (int r = 0; r < runs; r++) {
    double start = now(CLOCK_MONOTONIC), used = now(CLOCK_PROCESS_CPUTIME_ID);
    if (!strcmp(mode, "block") || !strncmp(mode, "wide", 4)) block(0);
    else if (!strcmp(mode, "residual")) block(1);
    else if (!strcmp(mode, "full")) full();
    else fail("unknown mode", mode);
    seconds[r] = now(CLOCK_MONOTONIC) - start;
    cpu[r] = now(CLOCK_PROCESS_CPUTIME_ID) - used;
  }
  qsort(seconds, runs, sizeof *seconds, by_size);
  getrusage(RUSAGE_SELF, &use);
  qsort(cpu, runs, sizeof *cpu, by_size);
  printf("%.6f %.6f %ld\n", seconds[runs / 2], cpu[runs / 2], use.ru_maxrss);
  return 0;
}
