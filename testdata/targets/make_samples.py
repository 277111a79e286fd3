#!/usr/bin/env python3
"""Writes the files in numpy/ and scipy/ beside it (Debian 12: python3-numpy
1.24, python3-scipy 1.10). All but the exact integers hold the 5 x 5 matrix

    a[i, j] = (7 i + 3 j) mod 11 - 5 + (i - j)/8 + 16 [i = j],

which every format here represents without rounding, or the permutation
i -> 3 i + 1 mod 7."""
import os

import numpy as np
import scipy.io
import scipy.sparse

os.chdir(os.path.dirname(os.path.abspath(__file__)))
i, j = np.indices((5, 5))
a = (7 * i + 3 * j) % 11 - 5 + (i - j) / 8 + 16 * (i == j)
whole = ((7 * i + 3 * j) % 11 - 5 + 16 * (i == j)).astype(np.int64)
perm = (3 * np.arange(7) + 1) % 7


def npy(name, x):
    np.save("numpy/" + name + ".npy", x)


npy("float64", a)
npy("float64-fortran", np.asfortranarray(a))
npy("float64-big-endian", a.astype(">f8"))
npy("float64-big-endian-fortran", np.asfortranarray(a.astype(">f8")))
npy("float32", a.astype(np.float32))
npy("float32-fortran", np.asfortranarray(a.astype(np.float32)))
npy("float16", a.astype(np.float16))
for t in ["int8", "int16", "int32", "int64", ">i4", ">i8"]:
    npy(t.replace(">", "big-endian-"), whole.astype(t))
npy("uint8", (whole + 5).astype(np.uint8))
npy("uint64-huge", np.eye(2, dtype=np.uint64) * np.uint64(2**64 - 1))
npy("int64-huge", np.array([[2**60 + 1, 1], [-(2**60), 1]]))
npy("bool", np.eye(7, dtype=bool)[:, perm])
npy("float32-thirds", (np.float32(1) / np.arange(3, 12, dtype=np.float32)).reshape(3, 3))
for t in ["int32", "int64", "uint8", "uint64", ">i8", "float64"]:
    npy("permutation-" + t.replace(">", "big-endian-"), perm.astype(t))
npy("permutation-row", perm.reshape(1, 7))
npy("permutation-column", perm.reshape(7, 1))
npy("permutation-one-based", perm + 1)
with open("numpy/version-2.npy", "wb") as f:
    np.lib.format.write_array(f, a, version=(2, 0))
with open("numpy/version-3.npy", "wb") as f:
    np.lib.format.write_array(f, a, version=(3, 0))

npy("bad-complex", a.astype(complex))
npy("bad-object", np.array([[1, 2], [3, None]], dtype=object))
npy("bad-string", np.array([["a", "b"], ["c", "d"]]))
npy("bad-structured", np.zeros((2, 2), dtype=[("x", "f8"), ("y", "i4")]))
npy("bad-longdouble", a.astype(np.longdouble))
npy("bad-date", np.zeros((2, 2), dtype="M8[s]"))
npy("bad-not-square", a[:3])
npy("bad-three-axes", np.zeros((2, 2, 2)))
npy("bad-scalar", np.float64(1))
npy("bad-empty", np.zeros((0, 0)))
npy("bad-one", np.ones((1, 1)))
b = a.copy()
b[2, 3] = np.nan
npy("bad-nan", b)
npy("bad-nan-fortran", np.asfortranarray(b))
b[2, 3] = -np.inf
npy("bad-inf", b.astype(np.float32))
npy("bad-repeated", np.array([0, 2, 1, 2]))
npy("bad-fractional", np.array([0, 1.5, 2]))

np.savetxt("numpy/savetxt.txt", a)
np.savetxt("numpy/savetxt.csv", a, delimiter=",", header="a 5 x 5 matrix")
np.savetxt("numpy/savetxt-permutation.txt", perm)
np.savetxt("numpy/savetxt-permutation.csv", perm[None], fmt="%d", delimiter=",")

s = np.tril(a) + np.tril(a, -1).T
k = np.tril(a, -1) - np.tril(a, -1).T
for name, x in [("general", a), ("symmetric", s), ("skew-symmetric", k), ("integer", whole)]:
    sym = name if name != "integer" else "general"
    scipy.io.mmwrite("scipy/array-" + name, x, symmetry=sym)
    scipy.io.mmwrite("scipy/coordinate-" + name, scipy.sparse.coo_matrix(x), symmetry=sym)
p = scipy.sparse.coo_matrix(np.eye(7)[:, perm])
scipy.io.mmwrite("scipy/coordinate-pattern", p, field="pattern", symmetry="general")
