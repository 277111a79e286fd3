"""Certificates of version 2, claims about a Wasserstein distance. Written from
docs/certificate.md alone; check_certificate.py reads the files with it.

Everything rational is an exact fraction. What is not, is an interval of integers in
units of 2^-bits, rounded outwards.
"""

import bisect
import itertools
import math
import statistics
from fractions import Fraction

import check_certificate as base
from check_certificate import TEXT, Rejected, Undecided, integer, is_float64, need, number

MAX_DIMENSION, MAX_GRID, MAX_WEIGHT, MAX_REFINE = 4, 1 << 22, 1 << 40, 1 << 20
MAX_BITS = 4096
MAX_CELLS, MAX_KNOTS, MAX_WINDOW = 1 << 13, 1 << 20, 1000
MAX_TABLE, MAX_POINTS = 1 << 28, 1 << 22  # beyond: undecided
PRECISIONS = (160, 320, 640)


# Intervals.


class Interval:
    """The numbers from lo to hi, in units of 2^-bits."""

    __slots__ = ("lo", "hi")
    bits = PRECISIONS[0]

    def __init__(self, lo, hi):
        self.lo, self.hi = lo, hi

    def __add__(self, other):
        return Interval(self.lo + other.lo, self.hi + other.hi)

    def __sub__(self, other):
        return Interval(self.lo - other.hi, self.hi - other.lo)

    def __mul__(self, other):
        base.budget.spend(self.hi, other.hi)
        ends = (self.lo * other.lo, self.lo * other.hi, self.hi * other.lo, self.hi * other.hi)
        return Interval(min(ends) >> self.bits, -(-max(ends) >> self.bits))

    def root(self):
        """The square roots of what is not negative here."""
        return Interval(math.isqrt(max(self.lo, 0) << self.bits), math.isqrt(max(self.hi, 0) << self.bits) + 1)

    def size(self):
        """An upper bound of the absolute values."""
        return Interval(0, max(abs(self.lo), abs(self.hi)))


def enclose(x):
    scaled = x * (1 << Interval.bits)
    return Interval(math.floor(scaled), math.ceil(scaled))


def quotient(x, n):
    """x / n for an integer n > 0."""
    return Interval(x.lo // n, -(-x.hi // n))


def exp_minus(t):
    """exp(-t) for a rational t >= 0."""
    halvings = max(0, math.ceil(t * 16).bit_length())
    x = enclose(t / (1 << halvings))  # at most 1/16
    one = enclose(1)
    term, total, k, sign = one, one, 0, -1
    while term.hi > 1:
        k += 1
        term = quotient(term * x, k)
        total = total + term if sign > 0 else total - term
        sign = -sign
    total = Interval(total.lo - 2, total.hi + 2)  # the terms alternate and fall: the rest is at most the last one
    for _ in range(halvings):
        total = total * total
    return Interval(max(total.lo, 0), min(total.hi, 1 << Interval.bits))


class Point:
    """A rational number z, with primitives of 1, t, t^2, Phi, Phi^2, t Phi times phi there; z None is infinity."""

    def __init__(self, z, sign=0):
        zero, one, half = enclose(0), enclose(1), enclose(Fraction(1, 2))
        self.z = z
        tail = half * constants().inverse_root_pi  # 1 / (2 sqrt(pi))
        if z is None:
            self.cdf, self.density = (one if sign > 0 else zero), zero
            self.primitives = [one, zero, one, half, enclose(Fraction(1, 3)), tail] if sign > 0 else [zero] * 6
            return
        self.density, self.cdf = normal(z * z, enclose(z), z < 0)
        _, wide = normal(2 * z * z, enclose(2).root() * enclose(z), z < 0)
        square = self.cdf * self.cdf
        self.primitives = [
            self.cdf,
            zero - self.density,
            self.cdf - enclose(z) * self.density,
            square * half,
            square * self.cdf * enclose(Fraction(1, 3)),
            wide * tail - self.density * self.cdf,
        ]


def normal(w, x, negative):
    """phi and Phi at the number of square w, which x encloses, negative or not."""
    density = exp_minus(w / 2) * constants().inverse_root_pi * quotient(enclose(2).root(), 2)
    if w > 144:  # 1 - Phi(|x|) < phi(x) / |x|
        upper = Interval(0, quotient(density, 12).hi)
        return density, upper if negative else enclose(1) - upper
    # Phi(x) = 1/2 + phi(x) (x + x^3/3 + x^5/(3 5) + ..)
    v, term, total, k = enclose(w), enclose(1), enclose(1), 1
    while term.hi > 1 or 2 * k + 1 < 2 * w:
        term = quotient(term * v, 2 * k + 1)
        total = total + term
        k += 1
    total = Interval(total.lo, total.hi + 2)  # from here on each term is at most half of the one before
    return density, enclose(Fraction(1, 2)) + density * (x * total)


class Constants:
    def __init__(self):
        def arctan_inverse(n):  # of 1/n, alternating
            term, total, k = quotient(enclose(1), n), quotient(enclose(1), n), 1
            while term.hi > 1:
                term = quotient(term, n * n)
                part = quotient(term, 2 * k + 1)
                total = total - part if k % 2 else total + part
                k += 1
            return Interval(total.lo - 2, total.hi + 2)

        a, b = arctan_inverse(5), arctan_inverse(239)
        pi = Interval(16 * a.lo - 4 * b.hi, 16 * a.hi - 4 * b.lo)
        root = pi.root()
        one = 1 << 2 * Interval.bits
        self.inverse_root_pi = Interval(one // root.hi, -(-one // root.lo))


known = {}


def constants():
    if Interval.bits not in known:
        known[Interval.bits] = Constants()
    return known[Interval.bits]


def square(c, be, bb, a, b):
    """The integral of (c + be t - bb Phi(t))^2 phi(t) from point a to point b."""
    factors = (c * c, 2 * c * be, be * be, -2 * c * bb, bb * bb, -2 * be * bb)
    total = enclose(0)
    for factor, low, high in zip(factors, a.primitives, b.primitives):
        total = total + enclose(factor) * (high - low)
    return total


def quantile(u):
    """Near the quantile at mass u; nothing rests on how near."""
    u = min(max(float(u), 1e-300), 1 - 2.0**-53)
    return Fraction(statistics.NormalDist().inv_cdf(u))


# The file.


def fields(text, count):
    words = text.split(" ")
    need(len(words) == count, "want %d fields, not %d" % (count, len(words)))
    return words


def rational(text):
    value = number(text)
    need(max(value.numerator.bit_length(), value.denominator.bit_length()) <= MAX_BITS, "a number has too many bits")
    return value


def floats(text, count):
    values = []
    for word in fields(text, count):
        values.append(rational(word))
        need(is_float64(values[-1]), "not a float64: %.40s" % word)
    return values


def integers(text, count, limit):
    return [integer(word, limit) for word in fields(text, count)]


def spans(text, tops):
    edges = fields(text, 2 * len(tops))
    out = []
    for j, top in enumerate(tops):
        a, b = integer(edges[2 * j], top), integer(edges[2 * j + 1], top)
        need(a < b, "an interval of no length")
        out.append((a, b))
    return out


def function(file):
    count = integer(file.value("knots"), MAX_KNOTS)
    file.knots += count
    need(0 < count and file.knots <= MAX_KNOTS, "no knots, or too many")
    xs, ys = [], []
    for _ in range(count):
        x, y = floats(file.line(), 2)
        need(not xs or xs[-1] < x, "knots out of order")
        xs.append(x)
        ys.append(y)
    return xs, ys


def read(file):
    """Section 8.2; what it returns is all that the bound depends on."""
    need(TEXT.fullmatch(file.value("construction")) and TEXT.fullmatch(file.value("theorem")), "bad text")
    seed = file.value("seed")
    need(seed == "none" or integer(seed, 2**64 - 1) >= 0, "bad seed")
    kind, _, text = file.value("claim").partition(" ")
    need(kind == "wasserstein", "want claim wasserstein")
    claim = rational(text)
    need(claim > 0, "the claim is not positive")
    d = integer(file.value("dimension"), MAX_DIMENSION)
    need(d >= 2, "the dimension is below 2")
    blocks = []
    for name in ("first", "second"):
        words = file.value(name).split(" ")
        need(len(words) < d, "a block is too long")
        blocks.append([integer(word, d - 1) for word in words])
    order = blocks[0] + blocks[1]
    need(sorted(order) == list(range(d)), "the blocks do not hold each coordinate once")
    low, high = floats(file.value("low"), d), floats(file.value("high"), d)
    need(all(a < b for a, b in zip(low, high)), "an axis of no length")
    grid = integers(file.value("grid"), d, MAX_GRID)
    need(min(grid) >= 1 and math.prod(grid) <= MAX_GRID, "no cells, or too many")
    need(file.line() == "weights", "want weights")
    weights = []
    while len(weights) < math.prod(grid):
        weights += integers(file.line(), grid[-1], MAX_WEIGHT)
    need(any(weights), "no mass")
    refine = integers(file.value("refine"), d, MAX_REFINE)
    need(min(refine) >= 1, "an axis is refined 0 times")
    (window,) = floats(file.value("window"), 1)
    need(0 < window <= MAX_WINDOW, "the window is not a number from 0 to %d" % MAX_WINDOW)
    p = len(blocks[0])
    tops = [grid[j] * r for j, r in zip(order, refine)]
    cells = []
    count = integer(file.value("cells"), MAX_CELLS)
    need(count > 0, "no cells")
    for k in range(count):
        need(file.value("cell") == str(k + 1), "want cell %d" % (k + 1))
        box, centre, strands = spans(file.value("box"), tops[:p]), floats(file.value("centre"), p), []
        for _ in range(integer(file.value("strands"), MAX_CELLS)):
            way, _, rest = file.line().partition(" ")
            need(way in ("up", "down"), "want up or down")
            need(bool(rest) == (d - p > 1), "bad spans")
            strands.append((way == "down", spans(rest, tops[p:-1]) if rest else []))
        need(strands, "no strands")
        cells.append((box, centre, strands))
    couplings = []
    file.knots = 0
    for k, block in enumerate(blocks):
        need(file.line() == "coupling %d" % (k + 1), "want coupling %d" % (k + 1))
        coupling = []
        for j in block:
            need(file.value("coordinate") == str(j), "want coordinate %d" % j)
            (factor,) = floats(file.value("factor"), 1)
            need(factor > 0, "a factor is not positive")
            coupling.append((factor, *function(file)))
        couplings.append(coupling)
    table = reorder(weights, grid, order)
    axes = [(low[j], (high[j] - low[j]) / (grid[j] * r), grid[j], r) for j, r in zip(order, refine)]
    return claim, p, axes, table, window, cells, couplings


def reorder(weights, grid, order):
    """The weights with axis j that which was order[j], the last one fastest."""
    strides = [math.prod(grid[j + 1:]) for j in range(len(grid))]
    ranges = [range(0, grid[j] * strides[j], strides[j]) for j in order]
    return [weights[sum(at)] for at in itertools.product(*ranges)]


# Masses, means and variances (section 8.4), in exact numbers. Lengths along an axis
# are in edges of the refined grid.


def overlaps(span, r):
    """The grid cells that the span meets: index, and the edges of the part within."""
    a, b = span
    return [(i, max(a, i * r), min(b, i * r + r)) for i in range(a // r, (b - 1) // r + 1)]


def disjoint(boxes):
    for a, b in itertools.combinations(boxes, 2):
        base.budget.spend(1)
        need(any(x[1] <= y[0] or y[1] <= x[0] for x, y in zip(a, b)), "two boxes overlap")


class Marginal:
    """Mass along an axis by its moments."""

    def __init__(self):
        self.mass = self.once = self.twice = 0

    def add(self, mass, a, b):
        self.mass += mass
        self.once += mass * (a + b)
        self.twice += mass * (a * a + a * b + b * b)

    def mean(self):
        return Fraction(self.once, 2 * self.mass)

    def about(self, c):
        """The mass times the mean square of x - c."""
        return Fraction(self.twice, 3) - self.once * c + self.mass * c * c


class Cell:
    """mass, centre, v1, v2, and the pieces of the curve: (mass, means of the other
    coordinates, from, to, mean of the first coordinate)."""


def measure(p, axes, table, cells):
    strip = math.prod(n for _, _, n, _ in axes[p:])
    if len(cells) * strip > MAX_TABLE:
        raise Undecided("too many cells")
    disjoint([box for box, _, _ in cells])
    whole = sum(table) * math.prod(r for _, _, _, r in axes[:p])
    out = [cell(p, axes, table, strip, whole, *c) for c in cells]
    need(sum(c.mass for c in out) == 1, "the cells do not hold all the mass")
    return out


def cell(p, axes, table, strip, whole, box, centre, strands):
    c = Cell()
    c.centre = centre
    here, first = [0] * strip, [0] * strip  # masses, and those times twice the place on axis 0
    along = [Marginal() for _ in range(p)]
    for parts in itertools.product(*(overlaps(span, axis[3]) for span, axis in zip(box, axes))):
        base.budget.spend(1 << 64 * strip)
        index, size = 0, 1
        for (i, a, b), axis in zip(parts, axes):
            index, size = index * axis[2] + i, size * (b - a)
        ends, total = parts[0][1] + parts[0][2], 0
        for s, w in enumerate(table[index * strip:(index + 1) * strip]):
            if w:
                here[s] += w * size
                first[s] += w * size * ends
                total += w * size
        for marginal, (_, a, b) in zip(along, parts):
            marginal.add(total, a, b)
    mass = sum(here)
    need(mass > 0, "a cell holds no mass")
    c.mass = Fraction(mass, whole)
    c.v1 = sum(m.about((x - low) / unit) * unit * unit for m, x, (low, unit, _, _) in zip(along, centre, axes)) / mass
    c.v2, c.pieces, held = Fraction(0), [], 0
    across = axes[p:-1]
    low, unit, rows, r = axes[-1]
    share = mass * math.prod(axis[3] for axis in across)
    disjoint([inside for _, inside in strands])
    for down, inside in strands:
        row, row_first = [0] * rows, [0] * rows
        marginals = [Marginal() for _ in across]
        for parts in itertools.product(*(overlaps(span, axis[3]) for span, axis in zip(inside, across))):
            base.budget.spend(1 << 64 * rows)
            index, size = 0, 1
            for (i, a, b), axis in zip(parts, across):
                index, size = index * axis[2] + i, size * (b - a)
            total = 0
            for i in range(rows):
                row[i] += here[index * rows + i] * size
                row_first[i] += first[index * rows + i] * size
                total += here[index * rows + i] * size
            for marginal, (_, a, b) in zip(marginals, parts):
                marginal.add(total, a, b)
        need(sum(row) > 0, "a strand holds no mass")
        held += sum(row)
        means = []
        for marginal, (start, length, _, _) in zip(marginals, across):
            mean = marginal.mean()
            c.v2 += marginal.about(mean) * length * length
            means.append(start + mean * length)
        for i in reversed(range(rows)) if down else range(rows):
            if row[i]:
                ends = low + unit * r * i, low + unit * r * (i + 1)
                mean = axes[0][0] + axes[0][1] * Fraction(row_first[i], 2 * row[i])
                c.pieces.append((Fraction(row[i], share), means, *(reversed(ends) if down else ends), mean))
    need(held == share, "the strands of a cell do not hold all its mass")
    c.v2 /= share
    return c


# The bound (section 8.4).


def line(f, x):
    """Value and slope of f = (knots, values) at x, which is no knot."""
    xs, ys = f
    k = bisect.bisect_left(xs, x)
    if k == 0:
        return ys[0], Fraction(0)
    if k == len(xs):
        return ys[-1], Fraction(0)
    slope = (ys[k] - ys[k - 1]) / (xs[k] - xs[k - 1])
    return ys[k - 1] + slope * (x - xs[k - 1]), slope


def walk(cuts, knots, start, end):
    """The intervals between neighbouring points from start to end, with how many of
    the cuts lie to the left of each. Cuts are points, knots are numbers."""
    at, left = 0, start
    for z, cut in sorted([(cut.z, cut) for cut in cuts] + [(z, None) for z in knots], key=lambda pair: pair[0]):
        if end.z is not None and z >= end.z:
            break
        if left.z is None or z > left.z:
            right = cut or Point(z)
            yield at, left, right
            left = right
        at += cut is not None
    yield at, left, end


def off(point, u):
    """A bound of |Phi(z) - u|."""
    return (point.cdf - enclose(u)).size()


def reading(c, curve, second, eps, window, box):
    """B_read and K of a cell."""
    masses = list(itertools.accumulate(piece[0] for piece in c.pieces))
    wrong, covariance = enclose(0), enclose(0)
    cuts = []
    for k, u in enumerate(masses[:-1]):
        at = Point(quantile(u))
        cuts.append(at)
        d = off(at, u)
        wrong = wrong + d
        spread = d.root().hi
        density = Interval(at.density.lo - spread, at.density.hi + spread)
        covariance = covariance + density * enclose(c.pieces[k + 1][4] - c.pieces[k][4])
    y = c.centre[0]
    knots = sorted({x for f in curve for x in f[0]})
    inside = knots[bisect.bisect_right(knots, y - eps * window):bisect.bisect_left(knots, y + eps * window)]
    left, right = Point(-window), Point(window)
    total = (wrong + left.cdf + (enclose(1) - right.cdf)) * enclose(box)
    for at, a, b in walk(cuts, [(x - y) / eps for x in inside], left, right):
        mass, means, start, end, _ = c.pieces[at]
        middle = y + eps * (a.z + b.z) / 2
        for l, f in enumerate(curve):
            value, slope = line(f, middle)
            al, be = value + slope * (y - middle), slope * eps
            if l < len(means):
                total = total + square(al - means[l], be, Fraction(0), a, b)
            else:
                bb = (end - start) / mass
                aa = start - bb * (masses[at] - mass)
                total = total + square(al - aa, be, bb, a, b)
    return total, covariance


def selecting(cells, first, cell_box, shift_box):
    """B_sel."""
    masses = list(itertools.accumulate(c.mass for c in cells))[:-1]
    wrong, cuts = enclose(0), []
    for u in masses:
        cuts.append(Point(quantile(u)))
        wrong = wrong + off(cuts[-1], u)
    total = wrong * enclose(cell_box + shift_box)
    for at, a, b in walk(cuts, {x for f in first for x in f[0]}, Point(None, -1), Point(None, 1)):
        if a.z is None and b.z is None:
            middle = Fraction(0)
        elif a.z is None or b.z is None:
            middle = b.z - 1 if a.z is None else a.z + 1
        else:
            middle = (a.z + b.z) / 2
        away = False
        for f, centre in zip(first, cells[at].centre):
            value, slope = line(f, middle)
            al = value - slope * middle - centre
            if al or slope:
                away = True
                total = total + square(al, slope, Fraction(0), a, b)
        if away:
            total = total + enclose(shift_box) * (b.cdf - a.cdf)
    return total


def bound(p, window, cells, couplings):
    """An interval that holds the right side of (2)."""
    eps1, eps2 = [c[0] for c in couplings[0]], [c[0] for c in couplings[1]]
    first, curve = [c[1:] for c in couplings[0]], [c[1:] for c in couplings[1]]

    def diagonal(functions, others):
        """The squared diagonal of a box with the values of functions and more numbers."""
        total = Fraction(0)
        for f, more in zip(functions, others):
            total += (max(f[1] + more) - min(f[1] + more)) ** 2
        return total

    cell_box = diagonal(first, [[c.centre[j] for c in cells] for j in range(p)])
    shift_box = diagonal(curve, [[] for _ in curve])
    pieces = [piece for c in cells for piece in c.pieces]
    others = [[piece[1][l] for piece in pieces] for l in range(len(curve) - 1)]
    read_box = diagonal(curve, [*others, [end for piece in pieces for end in piece[2:4]]])
    count = sum(len(c.pieces) for c in cells)
    if count > MAX_POINTS:
        raise Undecided("too many points")

    b_read, k_all = enclose(0), enclose(0)
    for c in cells:
        read_here, k_here = reading(c, curve, eps2, eps1[0], window, read_box)
        b_read = b_read + enclose(c.mass) * read_here
        k_all = k_all + enclose(c.mass) * k_here
    b_select = selecting(cells, first, cell_box, shift_box)
    v1 = enclose(sum(c.mass * c.v1 for c in cells))
    v2 = enclose(sum(c.mass * c.v2 for c in cells) + sum(e * e for e in eps2))
    n1 = enclose(sum(e * e for e in eps1)) - enclose(2 * eps1[0]) * k_all
    second = v2.root() + b_read.root()
    return (v1 + n1 + second * second).root() + b_select.root()


def check(file):
    claim, p, axes, table, window, cells, couplings = read(file)
    file.end()
    measured = measure(p, axes, table, cells)
    for Interval.bits in PRECISIONS:
        found = bound(p, window, measured, couplings)
        unit = 1 << Interval.bits
        if Fraction(found.hi, unit) <= claim:
            return "W2 at most %.5g" % (math.ceil(Fraction(found.hi, unit) * 10**9) / 10**9)
        least = Fraction(found.lo, unit)
        if least > claim * (1 + Fraction(1, 1 << 16)):
            raise Rejected("not proved: the bound of this plan is about %.6g" % float(least))
        if least > claim:
            break
    raise Undecided("the bound of this plan is too near to the claim")
