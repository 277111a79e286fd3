"""Multiply the layers of an .npz archive back with NumPy and compare with its target.

    python3 check_npz.py layers.npz [tolerance]

Exits 0 if the product in float64 is within the tolerance (default 1e-11, relative, Frobenius) of target.npy, forward and
inverse: the inverse negates the weights and divides by the scales, layer by layer.
"""
import sys

import numpy as np


def main(path, tolerance):
    data = np.load(path, allow_pickle=False)
    target = data["target"]
    n = len(target)
    names = sorted(k for k in data.files if k[:2].isdigit() and not k.endswith("_scale"))
    product, inverse = np.eye(n), np.eye(n)
    for name in names:
        x = data[name]
        rows, cols = x.shape
        assert x.dtype == np.float64 and x.flags.c_contiguous and rows + cols == n, name
        d = data[name[:2] + "_scale"] if name[:2] + "_scale" in data.files else np.ones(rows)
        upper = name.endswith("_U")
        dst, src = (slice(0, rows), slice(rows, n)) if upper else (slice(n - rows, n), slice(0, n - rows))
        layer, undo = np.eye(n), np.eye(n)
        layer[dst, dst], layer[dst, src] = np.diag(d), x
        undo[dst, dst], undo[dst, src] = np.diag(1 / d), -x / d[:, None]
        product, inverse = product @ layer, undo @ inverse
    forward = np.linalg.norm(product - target) / np.linalg.norm(target)
    backward = np.linalg.norm(inverse @ target - np.eye(n)) / np.sqrt(n)
    print(f"{path}: {len(names)} layers, n = {n}, forward {forward:.1e}, inverse {backward:.1e}")
    return 0 if max(forward, backward) <= tolerance else 1


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) == 3 else 1e-11))
