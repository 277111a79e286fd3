"""Sample from a nonlinear flow with NumPy and compare with its target and its report.

    python3 check_flow_npz.py flow.npz report.json

Both come from one run of verify universal -json -o flow.npz. The flow is run by np.interp, or as networks if it was written with -relu. Exits 0 if
the inverse undoes it, if its determinant is that of a difference quotient, and if the distances of projections between its samples and those of
the target, lower bounds of W2 up to the sampling, are below the proved bound and the largest along the axes is the reported one.
"""
import json
import sys

import numpy as np

POINTS = 100_000


class Flow:
    """The flow of an archive: layer 0 acts first."""

    def __init__(self, data):
        self.data = {name: data[name] for name in data.files}
        self.dim = int(data["dim"][0])
        self.layers = []
        while f"layers.{len(self.layers)}.coord" in self.data:
            self.layers.append(f"layers.{len(self.layers)}.")

    def terms(self, layer, x):
        """Shift and log-scale of each update at the points x."""
        d, reads = self.data, self.data[layer + "reads"]
        out = np.zeros((2, len(reads), len(x)))
        for j, r in enumerate(reads):
            for kind, what in enumerate(("shift", "log_scale")):
                if f"{layer}{j}.{what}.knots" in d:
                    out[kind, j] = np.interp(x[:, r], d[f"{layer}{j}.{what}.knots"], d[f"{layer}{j}.{what}.values"])
        for r in set(reads):
            net = f"{layer}net.{r}."
            if net + "at" in d:
                y = np.maximum(0, x[:, r, None] - d[net + "at"]) @ d[net + "weight"].T + d[net + "bias"]
                out[d[net + "log_scale"], d[net + "update"]] = y.T
        return out

    def forward(self, z):
        x, logdet = z.copy(), np.zeros(len(z))
        for layer in self.layers:
            shift, log_scale = self.terms(layer, x)
            log_scale += np.log(self.data[layer + "factor"])[:, None]
            coord = self.data[layer + "coord"]
            x[:, coord] = np.exp(log_scale).T * x[:, coord] + shift.T
            logdet += log_scale.sum(0)
        return x, logdet

    def inverse(self, x):
        z = x.copy()
        for layer in reversed(self.layers):
            shift, log_scale = self.terms(layer, z)
            coord = self.data[layer + "coord"]
            z[:, coord] = (z[:, coord] - shift.T) / (np.exp(log_scale).T * self.data[layer + "factor"])
        return z

    def target(self, n, rng):
        """Samples of the target's histogram."""
        d = self.data
        p = d["target.weights"].astype(float)
        cells = np.array(np.unravel_index(rng.choice(len(p), n, p=p / p.sum()), d["target.cells"])).T
        return d["target.lo"] + (cells + rng.random((n, self.dim))) * (d["target.hi"] - d["target.lo"]) / d["target.cells"]


def projections(x, y, rng):
    """The distance along each axis, and along eight random directions."""
    directions = np.vstack([np.eye(x.shape[1]), rng.standard_normal((8, x.shape[1]))])
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    w = [np.sqrt(np.mean((np.sort(x @ v) - np.sort(y @ v)) ** 2)) for v in directions]
    return w[: x.shape[1]], w[x.shape[1] :]


def check(x, y, report, rng):
    """Compares samples of a flow with those of its target and with the report; raises AssertionError."""
    axes, others = projections(x, y, rng)
    sampling = 3 * max(projections(y[::2], y[1::2], rng)[0] + [2e-3])  # two samples of one law are that far apart
    assert max(axes + others) <= report["w2_bound"] + sampling, (axes, others)
    assert max(axes) <= report["w2_projected"] + sampling, axes
    assert max(axes + others) >= report["w2_projected"] / 3 - sampling, "nearer than the report says"
    return max(axes + others)


def main(path, report):
    rng = np.random.default_rng(1)
    with open(report) as f:
        report = json.load(f)
    flow = Flow(np.load(path, allow_pickle=False))
    z = rng.standard_normal((POINTS if "net" not in "".join(flow.data) else POINTS // 10, flow.dim))
    x, logdet = flow.forward(z)
    back = np.abs(flow.inverse(x) - z)
    assert np.quantile(back, 0.99) <= 1e-7 and back.max() <= 1e-3, back.max()
    # In the middle of the piece that holds a point the flow is affine, so a difference quotient is exact, up to the rounding.
    step = 1e-7
    columns = [(flow.forward(z + step * e)[0] - flow.forward(z - step * e)[0]) / (2 * step) for e in np.eye(flow.dim)]
    off = np.abs(np.log(np.abs(np.linalg.det(np.stack(columns, 2)))) - logdet)
    assert np.median(off) <= 1e-3, np.median(off)
    assert np.abs(logdet - report["log_det"]).max() <= 1e-9, "the report has another determinant"
    w = check(x, flow.target(len(z), rng), report, rng)
    print(f"{path}: D = {flow.dim}, {len(z)} samples, W2 at least {w:.4f} along a line, proved {report['w2_bound']}, inverse off by {back.max():.1e}")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
