/* Writes values of exp, log and sqrt that MPFR rounds correctly, as reference for
 * exactmath/ball and for bigfloat. See README.md beside this file.
 *
 *   gcc -O2 -Wall -o /tmp/golden golden.c -lmpfr -lgmp
 *   /tmp/golden 1 > ../../exactmath/ball/testdata/golden.txt
 *   /tmp/golden 40 > /tmp/golden-large.txt
 *
 * The argument is the number of random cases a family. One case a line:
 *
 *   function precision family argument value
 *
 * argument is exact; value is function(argument) rounded to nearest, to 64 bits
 * more than precision. Both are hexadecimal floats. */
#include <mpfr.h>
#include <stdio.h>
#include <stdlib.h>

static gmp_randstate_t rnd;
static const char *name;
static int (*fn)(mpfr_t, const mpfr_t, mpfr_rnd_t);
static int prec, cases;

static void emit(const char *family, mpfr_t x) {
  mpfr_t v;
  mpfr_init2(v, prec + 64);
  fn(v, x, MPFR_RNDN);
  mpfr_printf("%s %d %s %Ra %Ra\n", name, prec, family, x, v);
  mpfr_clear(v);
}

/* x = sign (base + 2^-k), exactly. */
static void power(const char *family, int sign, long base, long k) {
  mpfr_t x;
  mpfr_init2(x, base && k > 0 ? k + 64 : 64);
  mpfr_set_ui_2exp(x, 1, -k, MPFR_RNDN);
  mpfr_add_si(x, x, base, MPFR_RNDN);
  mpfr_mul_si(x, x, sign, MPFR_RNDN);
  emit(family, x);
  mpfr_clear(x);
}

/* x = 1 - 2^-k. */
static void below_one(const char *family, long k) {
  mpfr_t x;
  mpfr_init2(x, k + 64);
  mpfr_set_si_2exp(x, -1, -k, MPFR_RNDN);
  mpfr_add_ui(x, x, 1, MPFR_RNDN);
  emit(family, x);
  mpfr_clear(x);
}

/* x = base + u 2^e, of prec bits, u uniform in (-1, 1) or (0, 1). */
static void uniform(const char *family, double base, long e, int negative_too) {
  mpfr_t x;
  mpfr_init2(x, prec);
  for (int i = 0; i < cases; i++) {
    do mpfr_urandomb(x, rnd); while (mpfr_zero_p(x));
    if (negative_too && i % 2 == 1 - cases % 2) mpfr_neg(x, x, MPFR_RNDN);
    mpfr_mul_2si(x, x, e, MPFR_RNDN);
    mpfr_add_d(x, x, base, MPFR_RNDN);
    emit(family, x);
  }
  mpfr_clear(x);
}

static void number(const char *family, double d) {
  mpfr_t x;
  mpfr_init2(x, 53);
  mpfr_set_d(x, d, MPFR_RNDN);
  emit(family, x);
  mpfr_clear(x);
}

static void near_one(void) {
  long ks[] = {1, 2, 10, prec / 8, prec / 2, prec - 1, prec, 2 * prec};
  for (unsigned i = 0; i < sizeof ks / sizeof *ks; i++) {
    power("near-1", 1, 1, ks[i]);
    below_one("near-1", ks[i]);
  }
  uniform("near-1", 1, -3, 1);
  uniform("near-1", 1, -prec / 16, 1);
  uniform("near-1", 1, -prec / 4, 1);
}

int main(int argc, char **argv) {
  static const int precs[] = {53, 64, 113, 128, 256, 512, 1024, 2048, 4096};
  cases = argc > 1 ? atoi(argv[1]) : 0;
  if (cases < 1) { fprintf(stderr, "usage: golden CASES\n"); return 2; }
  gmp_randinit_mt(rnd);
  gmp_randseed_ui(rnd, 1);
  for (unsigned i = 0; i < sizeof precs / sizeof *precs; i++) {
    prec = precs[i];
    int full = cases > 1 || prec <= 1024; /* keeps the file of one case small */

    name = "exp", fn = mpfr_exp;
    for (int s = -1; s <= 1; s += 2) {
      long ks[] = {1, 10, prec / 2, prec, 2 * prec, 100000};
      for (unsigned j = 0; j < sizeof ks / sizeof *ks; j++) power("tiny", s, 0, ks[j]);
      long bs[] = {0, 4, 9, 10, 16, 23};
      for (unsigned j = 0; j < sizeof bs / sizeof *bs; j++) power("power-of-2", s, 0, -bs[j]);
    }
    double subnormal[] = {-745.5, -745, -744.5, -740, -730, -720, -710, -708};
    for (unsigned j = 0; full && j < sizeof subnormal / sizeof *subnormal; j++) number("subnormal-guess", subnormal[j]);
    number("edge", 709.75), number("edge", 710), number("edge", -746);
    uniform("random", 0, 0, 1);
    uniform("random-10", 0, 10, 1);
    uniform("random-20", 0, 20, 1);

    name = "log", fn = mpfr_log;
    long ks[] = {1, 2, 100, 1022, 100000, 16777215};
    for (unsigned j = 0; j < sizeof ks / sizeof *ks; j++) power("power-of-2", 1, 0, ks[j]), power("power-of-2", 1, 0, -ks[j]);
    near_one();
    uniform("random", 0, 0, 0);

    if (!full) continue;
    uniform("huge", 0, 100000, 0);
    uniform("tiny", 0, -100000, 0);

    name = "sqrt", fn = mpfr_sqrt;
    power("power-of-2", 1, 0, 1), power("power-of-2", 1, 0, -1), power("power-of-2", 1, 0, 100000), power("power-of-2", 1, 0, -16777215);
    long js[] = {10, prec / 2, prec - 1};
    for (unsigned j = 0; j < 3; j++) power("near-1", 1, 1, js[j]), below_one("near-1", js[j]);
    uniform("random", 0, 0, 0);
    uniform("huge", 0, 100001, 0);
  }
  gmp_randclear(rnd);
  return 0;
}
