#!/usr/bin/env node
// Check flowproof certificates. Written from docs/certificate.md alone.
//
// usage: check_certificate.mjs [--timeout SECONDS] [--work N] FILE...
//
// Prints one line for each file; exits with 0 if all are accepted, 2 if one cannot
// be read, else 1 if some are refused, else 4: some are undecided.
// Rationals are pairs [p, q] of BigInts, q > 0, not always in lowest terms.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

class Refused extends Error {}
class Undecided extends Error {}
const need = (ok, why) => { if (!ok) throw new Refused(why); };
const MAX_BITS = 262144, W = 6000n; // W: bits after the point of e^s

let work, until;
const bits = (x) => { const s = (x < 0n ? -x : x).toString(16); return x === 0n ? 0 : 4 * s.length - Math.clz32(parseInt(s[0], 16)) + 28; };
const words = (x) => -64n < x && x < 64n ? 1 : Math.floor(bits(x) / 64) + 1;
const charge = (a, b) => {
  if ((work -= words(a) * words(b) + 16) < 0) throw new Undecided('too many operations');
  if (Date.now() > until) throw new Undecided('stopped before it was done');
};
const mul = (a, b) => { charge(a, b); return a * b; };
const abs = (x) => (x < 0n ? -x : x);
const sign = (x) => (x > 0n ? 1 : x < 0n ? -1 : 0);
const gcd = (a, b) => { while (b) { charge(a, b); [a, b] = [b, a % b]; } return a; };
const lcm = (a, b) => { const z = mul(a, b / gcd(a, b)); need(bits(z) <= MAX_BITS, 'a common denominator has too many bits'); return z; };
const unitOf = (numbers) => numbers.reduce((u, [, q]) => (u % q ? lcm(u, q) : u), 1n);
const less = (a, b) => mul(a[0], b[1]) < mul(b[0], a[1]);

// 2.1 Numbers
function integer(text, limit) {
  need(/^(0|[1-9]\d*)$/.test(text) && text.length <= 20, `not an integer: ${text.slice(0, 40)}`);
  need(BigInt(text) <= BigInt(limit), `${text} is more than ${limit}`);
  return Number(text);
}
function number(text) {
  let m, p, q;
  if ((m = /^(-?)(0|[1-9]\d{0,5})(\/([1-9]\d{0,5}))?$/.exec(text))) {
    p = BigInt(m[2]); q = BigInt(m[4] ?? 1);
    need(!m[3] || (q > 1n && gcd(p, q) === 1n), 'not in lowest terms');
    need(p || !m[1], '-0');
    return [m[1] ? -p : p, q];
  }
  need((m = /^(-?)0x([1-9a-f][0-9a-f]*)(p(0|-?[1-9]\d{0,6})|\/0x([1-9a-f][0-9a-f]*))$/.exec(text)), `not a number: ${text.slice(0, 40)}`);
  need(text.length <= MAX_BITS / 2 + 16, 'a number has too many bits');
  p = BigInt('0x' + m[2]);
  if (m[5]) {
    q = BigInt('0x' + m[5]);
    need((q & (q - 1n)) !== 0n && gcd(p, q) === 1n, 'dyadic, or not in lowest terms');
  } else {
    const e = Number(m[4]);
    need(p & 1n, 'an even mantissa');
    need(Math.abs(e) <= MAX_BITS, 'a number has too many bits');
    [p, q] = e > 0 ? [p << BigInt(e), 1n] : [p, 1n << BigInt(-e)];
  }
  need(p > 999999n || q > 999999n, 'a short number in hexadecimal');
  need(Math.max(bits(p), bits(q)) <= MAX_BITS, 'a number has too many bits');
  return [m[1] ? -p : p, q];
}

// Binary64: ranks are BigInts (2.3); rounding is to nearest, ties to even.
const INFINITY = 0x7ffn << 52n;
function rankOf(p, q) {
  if (!p) return 0n;
  const a = abs(p);
  let e = Math.max(bits(a) - bits(q) - 53, -1074), m, r, d;
  for (;; e++) {
    const n = e < 0 ? a << BigInt(-e) : a;
    d = e < 0 ? q : q << BigInt(e);
    m = n / d; r = 2n * (n % d);
    if (m < 1n << 53n) break;
  }
  if (r > d || (r === d && m & 1n)) m++;
  const rank = (BigInt(e + 1075) << 52n) + m - (1n << 52n);
  return (p < 0n ? -1n : 1n) * (rank < INFINITY ? rank : INFINITY);
}
function valueOf(rank) { // [p, q], in lowest terms
  const b = abs(rank), top = b >> 52n;
  need(top < 0x7ffn, 'an entry is not finite');
  let m = top ? (b & ((1n << 52n) - 1n)) | (1n << 52n) : b, e = (top || 1n) - 1075n;
  while (m && !(m & 1n) && e < 0n) { m >>= 1n; e++; }
  return [(rank < 0n ? -1n : 1n) * (e > 0n ? m << e : m), e < 0n && m ? 1n << -e : 1n];
}
function isFloat64([p, q]) {
  if (q & (q - 1n) || Math.max(bits(p), bits(q)) > 1100) return false;
  const r = rankOf(p, q);
  if (abs(r) >= INFINITY) return false;
  const [a, b] = valueOf(r);
  return a * q === p * b;
}

class File {
  constructor(data) { this.data = data; this.at = 0; this.stored = 0; }
  take(count) {
    need(this.at + count <= this.data.length, 'truncated');
    this.at += count;
    return this.data.subarray(this.at - count, this.at);
  }
  line() {
    const end = this.data.indexOf(10, this.at);
    need(end >= 0, 'truncated');
    need(end + 1 - this.at <= 1 << 24, 'a line is too long');
    const raw = this.take(end + 1 - this.at).subarray(0, -1);
    need(raw.every((c) => c < 128), 'a byte that is not ASCII');
    return raw.toString('latin1');
  }
  value(keyword) {
    const line = this.line();
    need(line.startsWith(keyword + ' '), `want a line that begins with ${keyword}`);
    return line.slice(keyword.length + 1);
  }
  rank() { // of a binary64
    const b = this.take(8).readBigUInt64LE();
    need(b !== 1n << 63n, '-0');
    return b >> 63n ? -(b & ((1n << 63n) - 1n)) : b;
  }
  store(count) { need((this.stored += count) <= 1 << 26, 'too many entries'); }
}

// 2.2 and 2.3: a matrix is a Map from rows to Maps from columns to numbers other
// than 0. near() gives the ranks of the rounded product.
function steps(rank, near) {
  const d = rank - near, out = [];
  if (abs(d) >= 1n << 47n) {
    const b = Buffer.alloc(9);
    b.writeBigUInt64LE(rank < 0n ? (1n << 63n) | -rank : rank, 1);
    return b;
  }
  let u = d >= 0n ? 2n * d + 1n : -2n * d;
  for (; u > 127n; u >>= 7n) out.push(Number(u & 127n) + 128);
  return Buffer.from([...out, Number(u)]);
}
function step(file, near) {
  const start = file.at;
  let u = 0n, shift = 0n, c;
  do { [c] = file.take(1); u |= BigInt(c & 127) << shift; shift += 7n; } while (c > 127 && shift < 70n);
  const rank = u ? near + (u & 1n ? u >> 1n : -(u >> 1n)) : file.rank();
  need(abs(rank) < INFINITY && steps(rank, near).equals(file.data.subarray(start, file.at)), 'a step is written otherwise');
  return rank;
}
function matrix(file, keyword, rows, cols, near) {
  const encoding = file.value(keyword), start = file.at - encoding.length - 1, size = rows * cols;
  const all = new Map(), put = (i, j, v) => { if (v[0]) { if (!all.has(i)) all.set(i, new Map()); all.get(i).set(j, v); } };
  let length = 0, body = null;
  const sparse = /^sparse (.*)$/.exec(encoding);
  if (sparse) {
    const count = integer(sparse[1], 2 ** 31 - 1);
    file.store(count);
    for (let k = 0, last = -1; k < count; k++) {
      const f = file.line().split(' ');
      need(f.length === 3, 'want a row, a column and a number');
      const i = integer(f[0], rows - 1), j = integer(f[1], cols - 1), v = number(f[2]);
      need(last < i * cols + j && v[0], 'entries out of order, or 0');
      last = i * cols + j;
      put(i, j, v);
    }
  } else if (encoding === 'text') {
    file.store(size);
    for (let i = 0; i < rows; i++) {
      const f = file.line().split(' ');
      need(f.length === cols, `want ${cols} numbers`);
      f.forEach((t, j) => put(i, j, number(t)));
    }
    unitOf([...all.values()].flatMap((r) => [...r.values()]));
  } else {
    need(encoding === 'float64' || (encoding === 'near' && near), `no encoding ${encoding.slice(0, 40)} here`);
    file.store(size);
    if (encoding === 'float64') need(file.at + 8 * size < file.data.length, 'truncated');
    const ranks = near?.(), out = Buffer.alloc(8 * size);
    for (let k = 0; k < size; k++) {
      const r = encoding === 'near' ? step(file, ranks(k)) : file.rank();
      need(abs(r) < INFINITY, 'an entry is not finite');
      out.writeBigUInt64LE(r < 0n ? (1n << 63n) | -r : r, 8 * k);
      if (near) length += steps(r, ranks(k)).length;
      put(Math.floor(k / cols), k % cols, valueOf(r));
    }
    need(file.take(1)[0] === 10, 'the entries do not end here');
    body = Buffer.concat([Buffer.from('float64\n'), out, Buffer.from('\n')]);
  }
  const entries = [...all.values()].flatMap((r) => [...r.values()]), float64 = entries.every(isFloat64);
  let want = 'text';
  if (float64 && size > 64 && 8 * entries.length <= size) want = `sparse ${entries.length}`;
  else if (float64 && size > 256) want = near && body && length < 8 * size ? 'near' : 'float64';
  need(encoding === want, `encoding ${encoding}, where ${want} belongs`);
  body ??= file.data.subarray(start, file.at);
  return [all, createHash('sha256').update(`${rows} ${cols} `).update(body).digest('hex')];
}

function partition(text, n) {
  const named = { half: [...Array(n >> 1).keys()], checkerboard: [...Array(n >> 1).keys()].map((i) => 2 * i + 1) };
  const first = Object.hasOwn(named, text) ? named[text] : text.split(',').map((t) => integer(t, n - 1));
  need(first.every((v, i) => !i || first[i - 1] < v), 'not in ascending order');
  const name = String(first) === String(named.half) ? 'half' : String(first) === String(named.checkerboard) ? 'checkerboard' : String(first);
  need(name === text && first.length > 0 && first.length < n, 'the partition is written otherwise, or a part is empty');
  const chosen = new Set(first);
  return [first, [...Array(n).keys()].filter((i) => !chosen.has(i))];
}
function scales(text, count) { // null: all ones
  if (text === 'one') return { d: null, exp: false };
  const [kind, ...rest] = text.split(' '), d = rest.map(number);
  need((kind === 'exact' || kind === 'exp') && d.length === count, `want ${count} scales, exact or exp`);
  if (kind === 'exact') {
    need(d.every(([p]) => p > 0n) && d.some(([p, q]) => p !== q), 'a scale is not positive, or all are 1');
    unitOf(d);
  } else need(d.every(([p, q]) => abs(p) <= 1000n * q) && d.some(([p]) => p), 'a log-scale is beyond 1000, or all are 0');
  return { d, exp: kind === 'exp' };
}

// e^s up to a factor within 1 +- 2^-4200, for |s| <= 1000: 20 squarings of a Taylor
// series, each step off by a few units of 2^-W.
function exp([p, q]) {
  const one = 1n << W, x = (abs(p) << (W - 20n)) / q;
  charge(abs(p), q);
  let z = one, t = one;
  for (let k = 1n; t; k++) z += t = (mul(t, x) >> W) / k;
  for (let k = 0; k < 20; k++) z = mul(z, z) >> W;
  return p < 0n ? [(one << W) / z, one] : [z, one];
}

// The product over one denominator: rows that are no row of the identity.
function compose(n, layers) {
  let rows = new Map(), den = 1n, F = [1n, 1n];
  for (const { updated, kept, weight, scale: { d, exp: isExp } } of layers) {
    const diagonal = d && (isExp ? d.map(exp) : d);
    const unit = [...weight.values()].flatMap((r) => [...r.values()]).concat(diagonal ?? []).reduce((u, [, q]) => (u % q ? mul(u, q / gcd(u, q)) : u), 1n);
    const times = new Map();
    let norm = unit;
    updated.forEach((c, i) => {
      if (!diagonal && !weight.has(i)) return;
      const own = diagonal ? mul(diagonal[i][0], unit / diagonal[i][1]) : unit;
      const mix = [...(weight.get(i) ?? [])].map(([j, [p, q]]) => [kept[j], mul(p, unit / q)]);
      times.set(c, [own, mix]);
      const sum = mix.reduce((s, [, v]) => s + abs(v), own);
      if (sum > norm) norm = sum;
      if (!rows.has(c)) rows.set(c, new Map([[c, den]]));
    });
    if (layers.some((l) => l.scale.exp)) F = [mul(F[0], norm), mul(F[1], unit)];
    if (unit === 1n && !times.size) continue;
    for (const [i, row] of rows) {
      const next = new Map(), add = (j, v) => next.set(j, (next.get(j) ?? 0n) + v);
      for (const [c, v] of row) {
        const [own, mix] = times.get(c) ?? [unit, []];
        add(c, mul(v, own));
        for (const [k, x] of mix) add(k, mul(v, x));
      }
      rows.set(i, next);
    }
    den = mul(den, unit);
  }
  return { F, den, at: (i, j) => rows.get(i)?.get(j) ?? (rows.has(i) || i !== j ? 0n : den), columns: (i) => rows.get(i)?.keys() ?? [i] };
}

// Section 5. Matrices are arrays of rows of BigInts.
const pick = (x, rows, cols) => rows.map((i) => cols.map((j) => x[i][j]));
const isZero = (x) => x.every((r) => r.every((v) => !v));
const isDiagonal = (x, ok) => x.every((r, i) => r.every((v, j) => (i === j ? ok(v) : !v)));
// Eliminates the first count rows and columns without fractions. Returns the sign of
// their determinant, and a positive multiple of the Schur complement.
function eliminate(x, count) {
  let prev = 1n, det = 1;
  for (; count > 0; count--) {
    const at = x.slice(0, count).findIndex((r) => r[0]);
    if (at < 0) return [0, null];
    if (at) { [x[0], x[at]] = [x[at], x[0]]; det = -det; }
    const [top, ...rest] = x, pivot = top[0], old = prev;
    x = rest.map((r) => r.slice(1).map((v, j) => { charge(pivot, v); return (mul(pivot, v) - mul(r[0], top[j + 1])) / old; }));
    prev = pivot;
  }
  const s = BigInt(sign(prev));
  return [det * sign(prev), x.map((r) => r.map((v) => s * v))];
}
function* subsets(size, order, from = 0, chosen = []) {
  if (!order) { yield chosen; return; }
  for (let i = from; i <= size - order; i++) yield* subsets(size, order - 1, i + 1, [...chosen, i]);
}
const minorSigns = (x, order) => [...subsets(x.length, order)].map((s) => eliminate(pick(x, s, s), order)[0]);
function definite(x) { // 1, 0: semidefinite only, -1
  let answer = 1, prev = 1n;
  while (x.length) {
    const [top, ...rest] = x, pivot = top[0], old = prev;
    if (pivot < 0n || (!pivot && top.some((v) => v))) return -1;
    if (pivot) { x = rest.map((r) => r.slice(1).map((v, j) => (mul(pivot, v) - mul(r[0], top[j + 1])) / old)); prev = pivot; }
    else { answer = 0; x = rest.map((r) => r.slice(1)); }
  }
  return answer;
}
const scaled = (numbers) => { const u = unitOf(numbers); return numbers.map(([p, q]) => mul(p, u / q)); };
const lyapunov = (x, s) => x.map((r, i) => r.map((v, j) => mul(v, s[j]) + mul(x[j][i], s[i])));

const FORM = {
  shape: /^$/, signs: /^rows cols $/, kernel: /^(first )?index vector (vector )?$/, coefficient: /^order $/,
  rank: /^(first )?(rows cols |(rows cols )?index (weights )?)$/, inertia: /^(e (weights )?)+(al (weights )?)+$/,
};
function reason(text) {
  const [rule, ...rest] = text.split(' '), fields = [];
  for (const word of rest) {
    if (/^[a-z]/.test(word)) fields.push({ name: word, values: [] });
    else { need(fields.length, 'want the name of a field'); fields.at(-1).values.push(number(word)); }
  }
  need(Object.hasOwn(FORM, rule) && FORM[rule].test(fields.map((f) => f.name + ' ').join('')), 'no such rule, or not its fields');
  need(fields.every((f) => (f.name === 'first') === !f.values.length), 'a field with the wrong number of values');
  return { rule, fields };
}
// Indices below size, or null.
const indices = (f, size) => (f && f.values.every(([p, q]) => q === 1n && 0n <= p && p < BigInt(size)) ? f.values.map(([p]) => Number(p)) : null);
const all = (n) => [...Array(n).keys()];

function split(target, first, second) {
  const n = first.length + second.length, order = [...first, ...second];
  const unit = unitOf([...target.values()].flatMap((r) => [...r.values()]));
  const m = order.map((i) => order.map((j) => { const [p, q] = target.get(i)?.get(j) ?? [0n, 1n]; return mul(p, unit / q); }));
  const id = (i, j) => (i === j ? 1n : 0n);
  const [det, y] = eliminate([...m.map((r, i) => [...r, ...all(n).map((j) => id(i, j))]), ...all(n).map((i) => [...all(n).map((j) => id(i, j)), ...Array(n).fill(0n)])], n);
  need(det, 'the target is singular');
  const inverse = y.map((r) => r.map((v) => -v)), p = first.length, one = all(p), two = all(n).slice(p);
  return { unit, m, p, q: n - p, a: pick(m, one, one), c: pick(m, two, one), e: pick(m, two, two), al: pick(inverse, one, one), r: pick(inverse, two, one) };
}
const RULES = {
  shape({ unit, m, a, c, e, al }, K) {
    const one = (v) => v === unit, positive = (v) => v > 0n;
    return (K === 0 && !isDiagonal(m, one)) || (K === 1 && !(isZero(c) && isDiagonal(e, one) && isDiagonal(a, positive)))
      || (K === 2 && !(isDiagonal(e, positive) && isDiagonal(al, positive)));
  },
  signs({ c, r, p, q }, K, [f, g]) {
    const rows = indices(f, q), cols = indices(g, p);
    if (K !== 3 || !rows || !cols || rows.length !== cols.length || rows.length > p * q) return false;
    if (rows.length === 1) {
      const x = c[rows[0]][cols[0]], y = r[rows[0]][cols[0]];
      return (x !== 0n || y !== 0n) && sign(x) * sign(y) >= 0;
    }
    let left = 1n, right = 1n;
    rows.forEach((i, t) => {
      const j = cols[t], after = cols[(t + 1) % cols.length];
      left = mul(mul(left, c[i][j]), r[i][after]);
      right = mul(mul(right, r[i][j]), c[i][after]);
    });
    return left !== right;
  },
  kernel({ a, c, e, p, q }, K, fields) {
    const first = fields[0].name === 'first', [f, ...vectors] = first ? fields.slice(1) : fields, size = first ? p : q, index = indices(f, size);
    if (K !== 3 || index?.length !== 1) return false;
    let last = null;
    const dot = (x, y) => x.reduce((s, v, k) => s + mul(v, y[k]), 0n), j = index[0];
    for (const { values } of vectors) {
      if (values.length !== size) return false;
      const v = scaled(values), zero = first ? c.every((row) => !dot(row, v)) : all(p).every((k) => !dot(c.map((row) => row[k]), v));
      if (!zero) return false;
      const w = first ? dot(a[j], v) : dot(e.map((row) => row[j]), v);
      if (sign(w) !== sign(v[j])) return true;
      if (last && v[j] && last[1] && mul(w, last[1]) !== mul(last[0], v[j])) return true;
      last = [w, v[j]];
    }
    return false;
  },
  rank({ c, e, al, p, q }, K, fields) {
    const get = (name) => fields.find((f) => f.name === name), first = !!get('first');
    const X = first ? al : e, m = Math.floor((K - 1) / 2) - (K >= 3 && K % 2 && isZero(c) ? 1 : 0), l = (first ? q : p) * m;
    const list = (name) => (get(name) ? indices(get(name), X.length) : []), I = list('rows'), J = list('cols'), H = list('index');
    if (!I || !J || !H || K < 1 || I.length !== J.length || new Set([...I, ...J, ...H]).size < I.length + J.length + H.length || I.length + H.length <= l) return false;
    const [det, s] = eliminate(pick(X, [...I, ...H], [...J, ...H]), I.length), weights = get('weights')?.values;
    if (!det) return false;
    const minus = s.map((r) => r.map((v) => -v));
    if (!weights) return H.length <= 10 && all(H.length).every((k) => !minorSigns(minus, k + 1).includes(-1));
    if (weights.length !== H.length || weights.some(([v]) => v <= 0n)) return false;
    const t = scaled(weights); // R S + S^T R <= 0
    return definite(minus.map((r, i) => r.map((v, j) => mul(t[i], v) + mul(minus[j][i], t[j])))) >= 0;
  },
  coefficient({ c, e, al }, K, [f]) {
    const [X, Y] = e.length < al.length ? [e, al] : [al, e], order = indices(f, Y.length + 1);
    if (!(K === 4 || (K === 5 && isZero(c))) || order?.length !== 1 || order[0] < 1) return false;
    const o = order[0], d = Y.length - X.length;
    let count = 1;
    for (let k = 0; k < Math.min(o, Y.length - o) && count <= 1e9; k++) count = count * (Y.length - k) / (k + 1);
    if (count > 1024.5) return false;
    const of = (signs) => (signs.includes(1) && signs.includes(-1) ? null : signs.includes(1) ? 1 : signs.includes(-1) ? -1 : 0);
    const A = of(minorSigns(Y, o)), B = of(all(Math.min(d, o) + 1).flatMap((i) => minorSigns(X, o - i)));
    return A !== null && B !== null && A !== B;
  },
  inertia({ c, e, al, p, q }, K, fields) {
    if (!(K === 4 || (K === 5 && isZero(c)))) return false;
    const at = fields.findIndex((f) => f.name === 'al');
    const x = spectrum(e, fields.slice(0, at)), y = spectrum(al, fields.slice(at));
    if (!x || !y) return false;
    const fewer = q < p ? x : y;
    fewer[0] = fewer[0].map((v) => v + Math.abs(p - q));
    return x.some(([low, high], i) => high < y[i][0] || y[i][1] < low);
  },
};
function spectrum(X, fields) {
  const before = [], total = [[0, 0], [0, 0], [0, 0]];
  for (let k = 0; k < fields.length; k++) {
    const index = indices(fields[k], X.length), m = index?.length;
    if (!index || before.length + m > X.length || !isZero(pick(X, index, before))) return null;
    before.push(...index);
    let bounds = [[0, m], [0, m], [0, m]];
    if (fields[k + 1]?.name === 'weights') {
      const { values } = fields[++k];
      if (values.length !== m || values.some(([v]) => !v)) return null;
      const plus = values.filter(([v]) => v > 0n).length, Q = lyapunov(pick(X, index, index), scaled(values)), kind = definite(Q);
      if (kind > 0) bounds = [[plus, plus], [0, 0], [m - plus, m - plus]];
      else if (kind < 0 || (plus && plus < m)) return null;
      else if (isZero(Q)) bounds = [[0, 0], [m, m], [0, 0]];
      else bounds[plus ? 2 : 0] = [0, 0];
    }
    bounds.forEach(([low, high], i) => { total[i][0] += low; total[i][1] += high; });
  }
  return new Set(before).size === X.length && before.length === X.length ? total : null;
}

// Sections 3 and 4.
function check(data) {
  need(data.length <= 2 ** 30, 'the file is too large');
  const file = new File(data);
  need(file.value('flowproof certificate') === '1', 'not version 1 of the format');
  for (const word of ['construction', 'theorem']) need(/^[ -~]{1,200}$/.test(file.value(word)), `${word} is no line of text`);
  const seed = file.value('seed');
  if (seed !== 'none') integer(seed, 2n ** 64n - 1n);
  const [claim, ...given] = file.value('claim').split(' ');
  need(given.length === (claim === 'exact' ? 0 : 1) && ['exact', 'residual', 'depth'].includes(claim), 'no such claim');
  const bound = claim === 'exact' ? [0n, 1n] : claim === 'residual' ? number(given[0]) : integer(given[0], 4096);
  need(claim === 'exact' || (claim === 'depth' ? bound : bound[0]) > 0, 'the claim is about nothing');
  const n = integer(file.value('dimension'), claim === 'depth' ? 1024 : 131072), [first, second] = partition(file.value('partition'), n);
  const count = integer(file.value('layers'), 4096);
  need(!count || claim !== 'depth', 'layers beside a claim about the depth');
  const digest = file.value('target-sha256'), layers = [];
  let depth = 0, last = null;
  for (let k = 1; k <= count; k++) {
    const head = file.value('layer'), kind = head.slice(-1);
    need(head === `${k} L` || head === `${k} U`, `want layer ${k}, L or U`);
    const [updated, kept] = kind === 'L' ? [second, first] : [first, second];
    const [weight] = matrix(file, 'weight', updated.length, kept.length), scale = scales(file.value('scale'), updated.length);
    layers.push({ updated, kept, weight, scale });
    if ((scale.d || weight.size) && kind !== last) { depth++; last = kind; }
  }
  const irrational = layers.some((l) => l.scale.exp);
  let P = null;
  const product = () => (P ??= compose(n, layers)), ranks = new Map();
  const near = n * n > 4096 && !irrational ? () => (k) => {
    if (!ranks.has(k)) ranks.set(k, rankOf(product().at(Math.floor(k / n), k % n), product().den));
    return ranks.get(k);
  } : null;
  const [target, found] = matrix(file, 'target', n, n, near);
  need(found === digest, `the SHA-256 of the target is ${found}`);
  const reasons = claim === 'depth' ? ['L', 'U'].map((kind) => reason(file.value(`reason ${kind}`))) : [];
  const sum = createHash('sha256').update(data.subarray(0, file.at)).digest('hex');
  need(file.value('sha256') === sum, `the SHA-256 of the file is ${sum}`);
  need(file.at === data.length, 'something follows the last line');
  if (claim === 'depth') {
    for (const { fields } of reasons) for (const f of fields) if (f.name === 'weights' || f.name === 'vector') unitOf(f.values);
    const blocks = [split(target, second, first), split(target, first, second)];
    reasons.forEach(({ rule, fields }, k) => need(RULES[rule](blocks[k], bound - 1, fields), `not proved: ${rule} does not exclude ${bound - 1} layers that begin with ${'LU'[k]}`));
    return `needs depth: n ${n}, 0 layers, depth ${bound}`;
  }
  const { F, den, at, columns } = product();
  let R = [0n, 1n];
  for (let i = 0; i < n; i++) {
    const row = target.get(i) ?? new Map();
    for (const j of new Set([...row.keys(), ...columns(i)])) {
      const [p, q] = row.get(j) ?? [0n, 1n], d = [abs(mul(p, den) - mul(at(i, j), q)), mul(q, den)];
      if (less(R, d)) R = d;
    }
  }
  if (irrational) { // 2 K 2^-4200 F >= (1 + 2^-4200)^K F - F
    const slack = [F[0] * BigInt(2 * count), F[1] << 4200n], over = (s) => [mul(R[0], slack[1]) + s * mul(slack[0], R[1]), mul(R[1], slack[1])];
    need(!less(bound, over(-1n)), 'claim false');
    if (claim === 'exact' || less(bound, over(1n))) throw new Undecided('the claim is open at this precision');
  } else need(!less(bound, R), 'claim false');
  return `${irrational ? 'enclosed' : R[0] ? 'residual' : 'exact'}: n ${n}, ${count} layers, depth ${depth}`;
}

const printable = (text) => text.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
function main(args) {
  let seconds = Infinity, most = 2 ** 40;
  while (args[0]?.startsWith('--')) {
    const [name, value] = args.splice(0, 2);
    if (!(Number(value) > 0) || !['--timeout', '--work'].includes(name)) { console.error('usage: check_certificate.mjs [--timeout SECONDS] [--work N] FILE...'); return 2; }
    if (name === '--work') most = Number(value); else seconds = Number(value);
  }
  if (!args.length) { console.error('usage: check_certificate.mjs [--timeout SECONDS] [--work N] FILE...'); return 2; }
  const seen = new Set();
  for (const path of args) {
    let data, line;
    try { data = readFileSync(path); } catch (error) { console.error(printable(`${path}: ${error.code}`)); seen.add(2); continue; }
    work = most; until = Date.now() + 1000 * seconds;
    try { line = `accepted ${path}: ${check(data)}`; } catch (error) {
      if (error instanceof Refused) { seen.add(1); line = `rejected ${path}: ${error.message}`; }
      else if (error instanceof Undecided || error instanceof RangeError) { seen.add(4); line = `undecided ${path}: ${error.message}`; }
      else throw error;
    }
    console.log(printable(line));
  }
  return [2, 1, 4].find((code) => seen.has(code)) ?? 0;
}
process.exitCode = main(process.argv.slice(2));
