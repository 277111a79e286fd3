#!/usr/bin/env python3
"""Check flowproof certificates. Written from docs/certificate.md alone.

usage: check_certificate.py [--timeout SECONDS] [--work N] FILE...

Prints one line for each file; exits with 0 if all are accepted, 2 if one cannot
be read, else 1 if some are refused, else 4: some are undecided, for want of
precision, or because they take more time or more multiplications of 64-bit words
(2^40 unless told otherwise). Python 3.9 or later, standard library only.
"""

import collections
import functools
import hashlib
import itertools
import math
import re
import struct
import sys
import time
import unicodedata
from fractions import Fraction

MAX_DIMENSION, MAX_LAYERS, MAX_BITS = 131072, 4096, 262144
MAX_STORED = 1 << 26  # matrix entries
MAX_LINE, MAX_FILE = 1 << 24, 1 << 30
MAX_REASONS = 1024  # the dimension, for a claim about the depth

INTEGER = re.compile(r"0|[1-9][0-9]{0,19}")
SHORT = re.compile(r"(-?)(0|[1-9][0-9]{0,5})(?:/([1-9][0-9]{0,5}))?")
DYADIC = re.compile(r"(-?)0x([1-9a-f][0-9a-f]*)p(0|-?[1-9][0-9]{0,6})")
QUOTIENT = re.compile(r"(-?)0x([1-9a-f][0-9a-f]*)/0x([1-9a-f][0-9a-f]*)")
TEXT = re.compile(r"[ -~]{1,200}")
HEX = re.compile(r"[0-9a-f]{64}")


class Rejected(Exception):
    """The certificate is refused, for the reason given."""


class Undecided(Exception):
    """The claim is neither proved nor refuted, for the reason given."""


class Budget:
    """Counts multiplications of 64-bit words, and looks at the time."""

    def __init__(self, work, seconds):
        self.work, self.end = work, time.monotonic() + seconds

    def spend(self, *numbers):
        """Takes note of a product of these integers."""
        cost = 1
        for v in numbers:
            cost *= v.bit_length() // 64 + 1
        self.work -= cost + 16
        if self.work < 0:
            raise Undecided("too many operations")
        if time.monotonic() > self.end:
            raise Undecided("stopped before it was done")


budget = Budget(1 << 40, math.inf)  # of the file that is being checked


def times(a, b):
    budget.spend(a.numerator, b.numerator)
    budget.spend(a.denominator, b.denominator)
    return a * b


def need(condition, reason):
    if not condition:
        raise Rejected(reason)


def integer(text, limit):
    need(INTEGER.fullmatch(text), "not an integer: %.40r" % text)
    value = int(text)
    need(value <= limit, "%d is more than %d" % (value, limit))
    return value


def is_power_of_two(q):
    return q & (q - 1) == 0


def common_denominator(values, limit=MAX_BITS):
    unit = 1
    for v in values:
        if unit % v.denominator:
            budget.spend(unit, v.denominator)
            unit = math.lcm(unit, v.denominator)
            need(limit is None or unit.bit_length() <= limit, "a common denominator has too many bits")
    return unit


def number(text):
    """Section 2.1."""
    budget.spend(1 << 4 * len(text))
    if match := SHORT.fullmatch(text):
        sign, p, q = match.groups()
        value = Fraction(int(p), int(q or 1))
        need(q is None or value.denominator == int(q) > 1, "not in lowest terms: " + text)
        need(value or not sign, "-0")
        return -value if sign else value
    if match := DYADIC.fullmatch(text):
        sign, m, e = match.groups()
        need(4 * len(m) <= MAX_BITS + 3 and abs(int(e)) <= MAX_BITS, "a number has too many bits")
        m, e = int(m, 16), int(e)
        need(m % 2 == 1, "even mantissa: %.40s" % text)
        p, q = m << max(e, 0), 1 << max(-e, 0)
        value = Fraction(p, q)
    else:
        match = QUOTIENT.fullmatch(text)
        need(match, "not a number: %.40r" % text)
        sign, p, q = match.groups()
        need(4 * max(len(p), len(q)) <= MAX_BITS + 3, "a number has too many bits")
        p, q = int(p, 16), int(q, 16)
        value = Fraction(p, q)
        need(value.denominator == q and not is_power_of_two(q), "not in lowest terms, or dyadic: %.40s" % text)
    need(max(p, q) > 999999, "a short number in hexadecimal: " + text)
    need(max(p.bit_length(), q.bit_length()) <= MAX_BITS, "a number has too many bits")
    return -value if sign else value


def is_float64(value):
    try:
        return Fraction(float(value)) == value
    except OverflowError:
        return False


class File:
    """The bytes of a certificate, read from front to back."""

    def __init__(self, data):
        self.data, self.at, self.stored = data, 0, 0

    def take(self, count):
        need(self.at + count <= len(self.data), "truncated")
        self.at += count
        return self.data[self.at - count:self.at]

    def line(self):
        end = self.data.find(b"\n", self.at)
        need(end >= 0, "truncated")
        need(end + 1 - self.at <= MAX_LINE, "a line of more than %d bytes" % MAX_LINE)
        raw = self.take(end + 1 - self.at)[:-1]
        try:
            return raw.decode("ascii")
        except UnicodeDecodeError:
            raise Rejected("a byte that is not ASCII") from None

    def value(self, keyword):
        line = self.line()
        need(line.startswith(keyword + " "), "want a line that begins with %r" % keyword)
        return line[len(keyword) + 1:]

    def float64(self):
        (value,) = struct.unpack("<d", self.take(8))
        need(math.isfinite(value), "an entry is not finite")
        need(value or math.copysign(1, value) > 0, "-0")
        return value

    def end(self):
        found = hashlib.sha256(self.data[:self.at]).hexdigest()
        need(self.value("sha256") == found, "the SHA-256 of the file is " + found)
        need(self.at == len(self.data), "something follows the last line")

    def store(self, count):
        self.stored += count
        need(self.stored <= MAX_STORED, "too many entries")


# A matrix is a dict of rows, by their number, a row the dict {column: Fraction} of
# its entries other than 0; rows without any are left out.


def matrix(file, keyword, rows, cols, product=None):
    """Sections 2.2 and 2.3. Returns the matrix and its SHA-256.

    product() gives the rounded product, if the matrix is a target that could be
    written relative to it.
    """
    encoding = file.value(keyword)
    start = file.at - len(encoding) - 1
    size = rows * cols
    out = collections.defaultdict(dict)
    if encoding.startswith("sparse "):
        count = integer(encoding[7:], 2**31 - 1)
        file.store(count)
        last = -1
        for _ in range(count):
            fields = file.line().split(" ")
            need(len(fields) == 3, "want a row, a column and a number")
            i, j, v = integer(fields[0], rows - 1), integer(fields[1], cols - 1), number(fields[2])
            need(last < i * cols + j, "entries out of order")
            need(v != 0, "a zero among sparse entries")
            last = i * cols + j
            out[i][j] = v
    elif encoding == "text":
        file.store(size)
        for i in range(rows):
            fields = file.line().split(" ")
            need(len(fields) == cols, "want %d numbers in a row" % cols)
            for j, field in enumerate(fields):
                v = number(field)
                if v:
                    out[i][j] = v
        common_denominator(v for row in out.values() for v in row.values())
    elif encoding in ("float64", "near"):
        file.store(size)
        near = product() if encoding == "near" and product else None
        need(near or encoding == "float64", "near is not for this matrix")
        if not near:
            need(file.at + 8 * size < len(file.data), "truncated")
        for i in range(rows):
            for j in range(cols):
                v = step(file, near[i][j]) if near else file.float64()
                if v:
                    out[i][j] = Fraction(v)
        need(file.take(1) == b"\n", "the entries do not end where they should")
    else:
        raise Rejected("unknown encoding %.40r" % encoding)

    nonzero = sum(len(row) for row in out.values())
    float64 = all(is_float64(v) for row in out.values() for v in row.values())
    entry = lambda i, j: out[i].get(j, 0) if i in out else 0
    if float64 and size > 64 and 8 * nonzero <= size:
        want = "sparse %d" % nonzero
    elif float64 and size > 256:
        want = "float64"
        if product:
            near = product()
            length = sum(len(steps(float(entry(i, j)), near[i][j])) for i in range(rows) for j in range(cols))
            want = "near" if length < 8 * size else want
    else:
        want = "text"
    need(encoding == want, "encoding %s, where %s belongs" % (encoding, want))
    if encoding == "near":
        body = b"float64\n" + b"".join(struct.pack("<d", entry(i, j)) for i in range(rows) for j in range(cols)) + b"\n"
    else:
        body = file.data[start:file.at]
    return out, hashlib.sha256(b"%d %d " % (rows, cols) + body).hexdigest()


def rank(value):
    (bits,) = struct.unpack("<q", struct.pack("<d", abs(value)))
    return -bits if value < 0 else bits


def unrank(r):
    need(abs(r) < 0x7FF << 52, "an entry is not finite")
    (value,) = struct.unpack("<d", struct.pack("<q", abs(r)))
    return -value if r < 0 else value


def steps(value, near):
    """The bytes for value relative to near."""
    d = rank(value) - rank(near)
    if abs(d) >= 2**47:
        return b"\0" + struct.pack("<d", value)
    u, out = (2 * d + 1 if d >= 0 else -2 * d), []
    while u > 127:
        out.append(u % 128 + 128)
        u //= 128
    return bytes(out + [u])


def step(file, near):
    start, u, shift = file.at, 0, 0
    while True:
        (c,) = file.take(1)
        u += (c & 127) << shift
        if c < 128:
            break
        shift += 7
        need(shift < 63, "a varint is too long")
    if u == 0:
        value = file.float64()
    else:
        value = unrank(rank(near) + (u // 2 if u % 2 else -(u // 2)))
    need(file.data[start:file.at] == steps(value, near), "a step is written otherwise")
    return value


def partition(text, n):
    half, odd = list(range(n // 2)), list(range(1, n, 2))
    if text == "half":
        first = half
    elif text == "checkerboard":
        first = odd
    else:
        first = [integer(field, n - 1) for field in text.split(",")]
        need(all(a < b for a, b in zip(first, first[1:])), "the first part is not in ascending order")
        need(first != half and first != odd, "the first part has a name")
    need(1 <= len(first) < n, "one of the parts is empty")
    chosen = set(first)
    return first, [i for i in range(n) if i not in chosen]


def scales(text, count):
    """Returns the numbers, or None for all ones, and whether they are exponents."""
    kind, _, rest = text.partition(" ")
    if text == "one":
        return None, False
    need(kind in ("exact", "exp"), "want scale one, exact or exp")
    values = [number(field) for field in rest.split(" ")]
    need(len(values) == count, "want %d scales" % count)
    if kind == "exact":
        need(all(v > 0 for v in values), "a scale is not positive")
        need(any(v != 1 for v in values), "all scales are 1")
        common_denominator(values)
    else:
        need(all(abs(v) <= 1000 for v in values), "a log-scale is beyond 1000")
        need(any(values), "all log-scales are 0")
    return values, kind == "exp"


PRECISIONS = 2048, 6144  # bits after the point; 512, and more than 4200, are left for e^-1000


def exp_interval(s, w):
    """Rationals lo <= e^s <= hi, of relative distance below 2^(1500 - w)."""
    budget.spend(s.numerator, s.denominator)
    m = 12  # e^s = (e^(|s|/2^m))^(2^m), |s| / 2^m < 1
    x = (abs(s.numerator) << w) // (s.denominator << m)  # |s|/2^m is in [x, x + 1)
    one = 1 << w
    lo, hi, down, up, k = one, one, one, one, 0
    while up > 1:
        k += 1
        budget.spend(down, x)
        budget.spend(up, x)
        down = (down * x >> w) // k
        up = -(-(-(-up * (x + 1) >> w)) // k)
        lo, hi = lo + down, hi + up
    hi += 2 * up + 2  # the terms left out: each at most half the one before
    for _ in range(m):
        budget.spend(lo, lo)
        budget.spend(hi, hi)
        lo, hi = lo * lo >> w, -(-hi * hi >> w)
    if s >= 0:
        return Fraction(lo, one), Fraction(hi, one)
    return Fraction(one * one // hi, one), Fraction(-(-one * one // lo), one)


def compose(n, layers, w=PRECISIONS[0]):
    """Returns the product over one denominator, as {row: {column: integer}} but for
    rows of the identity, the denominator, and a bound on the error of every entry:
    0 without exponents, which are enclosed with w bits after the point.

    Scales e^s are replaced by rationals. With E_k the layers, F_k those with the
    replacements, |E_k - F_k| <= e_k and |F_k| <= f_k in the largest row sum,
    |E_1 E_2 .. - F_1 F_2 ..| <= prod (f_k + e_k) - prod f_k.
    """
    rows, den = {}, 1
    norms, wider = Fraction(1), Fraction(1)
    any_exp = any(is_exp for *_, is_exp in layers)
    for updated, kept, weight, scale, is_exp in layers:
        error = Fraction(0)
        if is_exp:
            bounds = [exp_interval(s, w) for s in scale]
            scale = [lo for lo, _ in bounds]
            error = max(hi - lo for lo, hi in bounds)
        unit = common_denominator([*(scale or ()), *(v for row in weight.values() for v in row.values())], None)
        step, norm = {}, unit
        for i in range(len(updated)) if scale else weight:
            d = times(scale[i], unit) if scale else unit
            mix = [(kept[j], int(times(v, unit))) for j, v in weight.get(i, {}).items()]
            step[updated[i]] = int(d), mix
            norm = max(norm, int(d) + sum(abs(v) for _, v in mix))
        if any_exp:
            norm = Fraction(norm, unit)
            norms, wider = times(norms, norm), times(wider, norm + error)
        for c in step:
            rows.setdefault(c, {c: den})
        if unit > 1 or step:
            for i, row in rows.items():
                new = {}
                for c, v in row.items():
                    d, mix = step.get(c, (unit, ()))
                    budget.spend(v, d)
                    new[c] = new.get(c, 0) + v * d
                    for k, x in mix:
                        budget.spend(v, x)
                        new[k] = new.get(k, 0) + v * x
                rows[i] = new
        budget.spend(den, unit)
        den *= unit
    return rows, den, wider - norms


def row_of(i, rows, den):
    return rows.get(i) or {i: den}


def rounded(n, rows, den):
    """The product in float64, to nearest."""
    def divide(p):
        try:
            return p / den  # correctly rounded, as Python guarantees for integers
        except OverflowError:
            return math.inf if p > 0 else -math.inf
    return [[divide(row_of(i, rows, den).get(j, 0)) for j in range(n)] for i in range(n)]


# Lower bounds of the depth: section 5. Here a matrix is a list of rows, dense.


def eliminate(x, count):
    """Reduces the first count columns of x, in place; returns the determinant of
    the leading square, 0 if it is singular."""
    det = Fraction(1)
    for k in range(count):
        pivot = next((i for i in range(k, count) if x[i][k]), None)
        if pivot is None:
            return Fraction(0)
        if pivot != k:
            x[k], x[pivot] = x[pivot], x[k]
            det = -det
        det *= x[k][k]
        x[k] = [v / x[k][k] for v in x[k]]
        for i in range(len(x)):
            if i != k and x[i][k]:
                f = x[i][k]
                x[i] = [v - times(f, w) if w else v for v, w in zip(x[i], x[k])]
    return det


def sub(x, rows, cols):
    return [[x[i][j] for j in cols] for i in rows]


def is_zero(x):
    return not any(map(any, x))


def is_positive_diagonal(x):
    return all(v > 0 if i == j else v == 0 for i, row in enumerate(x) for j, v in enumerate(row))


def sign(v):
    return (v > 0) - (v < 0)


def minor_signs(x, order):
    """The signs of the principal minors of an order."""
    return {sign(eliminate(sub(x, s, s), order)) for s in itertools.combinations(range(len(x)), order)}


def is_p0(x):
    return all(-1 not in minor_signs(x, order) for order in range(1, len(x) + 1))


def lyapunov(x, s):
    """X S + S X^T, S diagonal."""
    n = range(len(x))
    return [[times(x[i][j], s[j]) + times(x[j][i], s[i]) for j in n] for i in n]


def definite(x):
    """1: positive definite, 0: only positive semidefinite, -1: neither. x is symmetric."""
    answer = 1
    while x:
        row = x[0]
        if row[0] < 0 or row[0] == 0 and any(row):
            return -1
        if row[0] == 0:
            answer, x = 0, [r[1:] for r in x[1:]]
        else:
            x = [[v - times(r[0], w) / row[0] for v, w in zip(r[1:], row[1:])] for r in x[1:]]
    return answer


class Blocks:
    """The blocks of the target and of its inverse for products that begin with U,
    or, with the parts exchanged, with L."""

    def __init__(self, target, first, second):
        order, n, p = first + second, len(first) + len(second), len(first)
        x = [[Fraction(target.get(i, {}).get(j, 0)) for j in order] for i in order]
        y = [row + [Fraction(i == j) for j in range(n)] for i, row in enumerate(x)]
        need(eliminate(y, n), "not proved: the target is singular")
        one, two, inv = range(p), range(p, n), [row[n:] for row in y]
        self.p, self.q = p, n - p
        self.a, self.b, self.c, self.e = sub(x, one, one), sub(x, one, two), sub(x, two, one), sub(x, two, two)
        self.al, self.r = sub(inv, one, one), sub(inv, two, one)

    def shape(self, k):
        identity = is_positive_diagonal(self.e) and all(self.e[i][i] == 1 for i in range(self.q))
        if k == 0:
            return not (identity and all(self.a[i][i] == 1 for i in range(self.p)) and is_positive_diagonal(self.a)
                        and is_zero(self.b) and is_zero(self.c))
        if k == 1:
            return not (is_zero(self.c) and identity and is_positive_diagonal(self.a))
        return k == 2 and not (is_positive_diagonal(self.e) and is_positive_diagonal(self.al))

    def signs(self, k, rows=(), cols=()):
        if k != 3 or len(rows) != len(cols) or len(rows) > self.p * self.q or not below(rows, self.q) or not below(cols, self.p):
            return False
        rows, cols, c, r = list(map(int, rows)), list(map(int, cols)), self.c, self.r
        if len(rows) == 1:
            x, y = c[rows[0]][cols[0]], r[rows[0]][cols[0]]
            return x * y >= 0 and (x != 0 or y != 0)
        left = right = Fraction(1)
        for i, j, after in zip(rows, cols, cols[1:] + cols[:1]):
            left, right = times(times(left, c[i][j]), r[i][after]), times(times(right, r[i][j]), c[i][after])
        return left != right

    def kernel(self, k, first=False, index=(), vectors=()):
        size = self.p if first else self.q
        if k != 3 or len(index) != 1 or not below(index, size):
            return False
        j, forced = int(index[0]), []
        for v in vectors:
            if len(v) != size:
                return False
            if first:
                null = [sum(times(x, y) for x, y in zip(row, v)) for row in self.c]
                w = sum(times(x, y) for x, y in zip(self.a[j], v))
            else:
                null = [sum(times(row[i], y) for row, y in zip(self.c, v)) for i in range(self.p)]
                w = sum(times(row[j], y) for row, y in zip(self.e, v))
            if any(null):
                return False
            if sign(w) != sign(v[j]):
                return True
            if v[j]:
                forced.append(w / v[j])
        return len(forced) == 2 and forced[0] != forced[1]

    def rank(self, k, first=False, rows=(), cols=(), index=(), weights=()):
        m = (k - 1) // 2 - (k >= 3 and k % 2 == 1 and is_zero(self.c))
        x, most = (self.al, self.q * m) if first else (self.e, self.p * m)
        everything = [*rows, *cols, *index]
        if k < 1 or len(rows) != len(cols) or len(set(everything)) < len(everything) or not below(everything, len(x)):
            return False
        rows, cols, index = (list(map(int, list_)) for list_ in (rows, cols, index))
        y = sub(x, [*rows, *index], [*cols, *index])
        if not eliminate(y, len(rows)) or len(rows) + len(index) <= most:
            return False
        s = [[-v for v in row[len(rows):]] for row in y[len(rows):]]
        if not weights:
            return len(index) <= 10 and is_p0(s)
        if len(weights) != len(index) or min(weights) <= 0:
            return False
        return definite(lyapunov([list(column) for column in zip(*s)], weights)) >= 0

    def coefficient(self, k, order=()):
        small, large = sorted((self.al, self.e), key=len)
        if not self.spectral(k) or len(order) != 1 or not below(order, len(large) + 1):
            return False
        order = int(order[0])
        if order == 0 or math.comb(len(large), order) > 1024:
            return False
        def value(signs):  # of a sum of terms with these signs: None if it can be anything
            return None if {1, -1} <= signs else 1 if 1 in signs else -1 if -1 in signs else 0
        ones = len(large) - len(small)
        of_small = set().union(*(minor_signs(small, order - i) for i in range(min(ones, order) + 1)))
        x, y = value(of_small), value(minor_signs(large, order))
        return x is not None and y is not None and x != y

    def inertia(self, k, e=(), al=()):
        if not self.spectral(k):
            return False
        x, y = spectrum(self.e, e), spectrum(self.al, al)
        if not x or not y:
            return False
        fewer, ones = (y, self.q - self.p) if self.q > self.p else (x, self.p - self.q)
        fewer[0] = (fewer[0][0] + ones, fewer[0][1] + ones)
        return any(a[1] < b[0] or b[1] < a[0] for a, b in zip(x, y))

    def spectral(self, k):
        return k == 4 or k == 5 and is_zero(self.c)


def below(values, size):
    """Whether the values are indices of so many things."""
    return all(v.denominator == 1 and 0 <= v < size for v in values)


def spectrum(x, pieces):
    """Bounds of the numbers of eigenvalues of X D with positive, zero and negative
    real part, whatever the positive diagonal D; None if the pieces are wrong."""
    before, total = [], [(0, 0)] * 3
    for index, s in pieces:
        if not below(index, len(x)) or len(before) + len(index) > len(x):
            return None
        index = list(map(int, index))
        if not is_zero(sub(x, index, before)):
            return None
        before += index
        bounds = [(0, len(index))] * 3
        if s:
            if len(s) != len(index) or 0 in s:
                return None
            plus = sum(v > 0 for v in s)
            minus = len(s) - plus
            k = lyapunov(sub(x, index, index), s)
            kind = definite(k)
            if kind > 0:
                bounds = [(plus, plus), (0, 0), (minus, minus)]
            elif kind < 0 or plus and minus:
                return None
            elif is_zero(k):
                bounds = [(0, 0), (len(s), len(s)), (0, 0)]
            else:
                bounds[2 if plus else 0] = (0, 0)
        total = [(t[0] + b[0], t[1] + b[1]) for t, b in zip(total, bounds)]
    return total if sorted(before) == list(range(len(x))) else None


FORMS = {"shape": "", "signs": "rows cols ", "kernel": "(first )?index vector (vector )?",
         "rank": "(first )?(rows cols |(rows cols )?index (weights )?)", "coefficient": "order ",
         "inertia": "(e (weights )?)+(al (weights )?)+"}


def reason(text):
    """The rule of a reason and what it says, as the arguments of that rule."""
    rule, *words = text.split(" ")
    fields = []
    for word in words:
        if "a" <= word[:1] <= "z":
            fields.append((word, []))
        else:
            need(fields, "want the name of a field")
            fields[-1][1].append(number(word))
    need(rule in FORMS and re.fullmatch(FORMS[rule], "".join(name + " " for name, _ in fields)), "no rule with such fields: %.40s" % text)
    arguments = {}
    for name, values in fields:
        need(bool(values) != (name == "first"), "%s with the wrong number of values" % name)
        if name == "first":
            arguments["first"] = True
        elif name == "vector":
            arguments.setdefault("vectors", []).append(values)
        elif name in ("e", "al"):
            piece = (values, [])
            arguments.setdefault(name, []).append(piece)
        elif rule == "inertia":
            piece[1].extend(values)
        else:
            arguments[name] = values
    return rule, arguments


def check_depth(depth, target, first, second, reasons):
    for leftmost, (rule, fields) in reasons.items():
        parts = (first, second) if leftmost == "U" else (second, first)
        holds = getattr(Blocks(target, *parts), rule)(depth - 1, **fields)
        need(holds, "not proved: %s does not exclude %d layers that begin with %s" % (rule, depth - 1, leftmost))


def check(data):
    """Returns a line about the certificate, or raises Rejected."""
    need(len(data) <= MAX_FILE, "more than %d bytes" % MAX_FILE)
    file = File(data)
    version = file.value("flowproof certificate")
    if version == "2":
        import check_distance  # the file beside this one
        return check_distance.check(file)
    need(version == "1", "not version 1 or 2 of the format")
    need(TEXT.fullmatch(file.value("construction")), "construction is no line of text")
    need(TEXT.fullmatch(file.value("theorem")), "theorem is no line of text")
    seed = file.value("seed")
    need(seed == "none" or integer(seed, 2**64 - 1) >= 0, "no seed")
    claim, _, bound = file.value("claim").partition(" ")
    if claim == "residual":
        bound = number(bound)
        need(bound > 0, "the bound is not positive")
    elif claim == "depth":
        bound = integer(bound, MAX_LAYERS)
        need(bound > 0, "depth 0 claims nothing")
    else:
        need(claim == "exact" and not _, "no such claim: %.40s" % claim)
    n = integer(file.value("dimension"), MAX_REASONS if claim == "depth" else MAX_DIMENSION)
    first, second = partition(file.value("partition"), n)
    count = integer(file.value("layers"), MAX_LAYERS)
    need(count == 0 or claim != "depth", "layers do not go with a claim about the depth")
    digest = file.value("target-sha256")
    need(HEX.fullmatch(digest), "target-sha256 is no SHA-256")

    layers, depth, last = [], 0, None
    for k in range(count):
        index, _, kind = file.value("layer").partition(" ")
        need(index == str(k + 1) and kind in ("L", "U"), "want layer %d, L or U" % (k + 1))
        updated, kept = (second, first) if kind == "L" else (first, second)
        weight, _ = matrix(file, "weight", len(updated), len(kept))
        scale, is_exp = scales(file.value("scale"), len(updated))
        layers.append((updated, kept, weight, scale, is_exp))
        if (scale or weight) and kind != last:
            depth, last = depth + 1, kind

    any_exp = any(is_exp for *_, is_exp in layers)
    product = compose(n, layers) if n * n > 4096 and not any_exp else None
    near = product and functools.cache(lambda: rounded(n, *product[:2]))
    target, found = matrix(file, "target", n, n, near)
    need(found == digest, "the SHA-256 of the target is " + found)
    reasons = {kind: reason(file.value("reason " + kind)) for kind in ("LU" if claim == "depth" else "")}
    file.end()

    if claim == "depth":
        for _, fields in reasons.values():
            for values in [fields.get("weights", [])] + fields.get("vectors", []) + [s for _, s in fields.get("e", []) + fields.get("al", [])]:
                common_denominator(values)
        check_depth(bound, target, first, second, reasons)
        return "needs depth: n %d, 0 layers, depth %d" % (n, bound)
    for w in PRECISIONS if any_exp else PRECISIONS[:1]:
        rows, den, error = product or compose(n, layers, w)
        top, bottom = compare(n, target, rows, den)
        limit = Fraction(0 if claim == "exact" else bound)

        def exceeds(sign):  # top / bottom + sign error > limit; and about the left side
            p = top * error.denominator + sign * error.numerator * bottom
            q = bottom * error.denominator
            return p * limit.denominator > limit.numerator * q, decimal(p, q)
        over, least = exceeds(-1)
        need(not over, "claim false: residual %s" % least)
        over, most = exceeds(1)
        if not over and not (any_exp and claim == "exact"):
            verdict = "enclosed" if any_exp else "residual" if top else "exact"
            return "%s: n %d, %d layers, depth %d, residual %s" % (verdict, n, count, depth, most)
    raise Undecided("the claim is open at the precision of %d bits after the point" % w)


def compare(n, target, rows, den):
    """The largest |entry| of the target minus the product, rows over den: the
    numerator and the denominator, not in lowest terms."""
    top, bottom = 0, 1
    for i in range(n):
        have, want = row_of(i, rows, den), target.get(i, {})
        for j in have.keys() | want.keys():
            v, x = want.get(j, Fraction(0)), have.get(j, 0)
            budget.spend(den, v.denominator)
            budget.spend(den, v.numerator)
            p, q = abs(v.numerator * den - x * v.denominator), den * v.denominator
            budget.spend(p, bottom)
            if p * bottom > top * q:
                top, bottom = p, q
    return top, bottom


def decimal(p, q):
    try:
        return "%.3g" % (p / q)
    except OverflowError:
        return "above 1e308"


def printable(text):
    """The text without what could speak to a terminal: control characters, those
    that change the direction of writing, those of no width, and what is no Unicode."""
    def seen(c):
        return c if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in ("Zl", "Zp") else "\\u%04x" % ord(c)
    return "".join(map(seen, text))


def options(args):
    """Reads --timeout and --work; returns their values and the paths."""
    seconds, work = math.inf, 1 << 40
    while args and args[0].startswith("-"):
        name, value, *args = [*args, "", ""] if len(args) < 2 else args
        if name == "--work" and re.fullmatch("[1-9][0-9]*", value):
            work = int(value)
        elif name == "--timeout" and re.fullmatch(r"[0-9]*\.?[0-9]+", value) and float(value) > 0:
            seconds = float(value)
        else:
            return None
    return (seconds, work, args) if args else None


def main(args):
    global budget
    chosen = options(args)
    if not chosen:
        print(__doc__, file=sys.stderr)
        return 2
    seconds, work, paths = chosen
    statuses = {0}
    for path in paths:
        try:
            with open(path, "rb") as f:
                data = f.read()
        except OSError as error:
            print(printable("%s: %s" % (path, error.strerror)), file=sys.stderr)
            statuses.add(2)
            continue
        budget = Budget(work, seconds)
        try:
            line = "accepted %s: %s" % (path, check(data))
        except Rejected as reason:
            line = "rejected %s: %s" % (path, reason)
            statuses.add(1)
        except (Undecided, MemoryError, OverflowError) as reason:
            line = "undecided %s: %s" % (path, reason or "too much memory")
            statuses.add(4)
        print(printable(line))
    return next(s for s in (2, 1, 4, 0) if s in statuses)


if __name__ == "__main__":
    import check_certificate  # under its own name, which check_distance.py imports

    sys.exit(check_certificate.main(sys.argv[1:]))
