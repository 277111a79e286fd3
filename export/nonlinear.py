"""A nonlinear coupling flow as a PyTorch module, loaded from a safetensors file that flowproof wrote.

    flow = NonlinearFlow.load("flow.safetensors")
    x, logdet = flow(z)          # z: (N, D), standard normal; logdet: (N,)
    z = flow.inverse(x)
    log_p = flow.log_prob(x)     # the density of the flow of N(0, I)

Each layer does x[coord] <- factor exp(log_scale(t)) x[coord] + shift(t), t = x[reads], for its updates; layer 0 acts first.
"""
import json
import math
import struct

import torch
from torch import nn


from safetensors_reader import read_safetensors


class PiecewiseLinear(nn.Module):
    """The function with the given values at the knots, linear between them and constant beyond."""

    def __init__(self, knots, values):
        super().__init__()
        self.register_buffer("knots", knots)  # sorted: not a parameter
        self.values = nn.Parameter(values)

    def forward(self, t):
        if len(self.knots) == 1:
            return self.values[0].expand_as(t)
        t = t.clamp(self.knots[0], self.knots[-1])
        k = torch.searchsorted(self.knots, t.detach().contiguous()).clamp(1, len(self.knots) - 1)  # knots[k-1] < t <= knots[k]
        x0, x1, y0, y1 = self.knots[k - 1], self.knots[k], self.values[k - 1], self.values[k]
        left, right = (t - x0) / (x1 - x0), (x1 - t) / (x1 - x0)
        return torch.where(t - x0 > x1 - t, y1 - (y1 - y0) * right, y0 + (y1 - y0) * left)


class Interpolating(nn.Module):
    """Shifts and log-scales of a layer as piecewise-linear functions."""

    def __init__(self, tensors, name, updates):
        super().__init__()

        def function(j, what):
            at = f"{name}{j}.{what}."
            return PiecewiseLinear(tensors[at + "knots"], tensors[at + "values"]) if at + "knots" in tensors else None

        self.shifts = nn.ModuleList([function(j, "shift") or nn.Identity() for j in range(updates)])
        self.log_scales = nn.ModuleList([function(j, "log_scale") or nn.Identity() for j in range(updates)])

    def forward(self, x, reads):
        at = lambda f, t: torch.zeros_like(t) if isinstance(f, nn.Identity) else f(t)
        columns = [x[:, r] for r in reads.tolist()]
        return [at(f, t) for f, t in zip(self.shifts, columns)], [at(f, t) for f, t in zip(self.log_scales, columns)]


class Networks(nn.Module):
    """Shifts and log-scales of a layer as networks of one hidden layer of ReLU units."""

    def __init__(self, tensors, name, updates):
        super().__init__()
        self.updates = updates
        self.reads = sorted({int(key.split(".")[3]) for key in tensors if key.startswith(name + "net.")})
        self.hidden, self.output, self.places = nn.ModuleList(), nn.ModuleList(), []
        for r in self.reads:
            at, weight, bias = (tensors[f"{name}net.{r}.{what}"] for what in ("at", "weight", "bias"))
            hidden, output = nn.Linear(1, len(at), dtype=at.dtype), nn.Linear(len(at), len(bias), dtype=at.dtype)
            hidden.weight.data, hidden.bias.data = torch.ones_like(at)[:, None], -at
            output.weight.data, output.bias.data = weight, bias
            self.hidden.append(hidden)
            self.output.append(output)
            self.places.append(list(zip(tensors[f"{name}net.{r}.update"].tolist(), tensors[f"{name}net.{r}.log_scale"].tolist())))

    def forward(self, x, reads):
        out = [[torch.zeros_like(x[:, 0]) for _ in range(self.updates)] for _ in range(2)]
        for r, hidden, output, places in zip(self.reads, self.hidden, self.output, self.places):
            y = output(torch.relu(hidden(x[:, r : r + 1])))
            for column, (update, is_log_scale) in enumerate(places):
                out[is_log_scale][update] = y[:, column]
        return out


class NonlinearFlow(nn.Module):
    def __init__(self, tensors, form):
        super().__init__()
        self.dim = int(tensors["dim"])
        kind = Networks if form == "relu" else Interpolating
        self.functions, self.log_factors = nn.ModuleList(), nn.ParameterList()
        self.coords, self.reads = [], []
        while f"layers.{len(self.coords)}.coord" in tensors:
            name = f"layers.{len(self.coords)}."
            self.coords.append(tensors[name + "coord"])
            self.reads.append(tensors[name + "reads"])
            self.log_factors.append(nn.Parameter(torch.log(tensors[name + "factor"])))
            self.functions.append(kind(tensors, name, len(self.coords[-1])))

    @classmethod
    def load(cls, path):
        tensors, meta = read_safetensors(path)
        return cls(tensors, meta["form"])

    def _terms(self, k, x):
        shifts, log_scales = self.functions[k](x, self.reads[k])
        return torch.stack(shifts, 1), torch.stack(log_scales, 1) + self.log_factors[k]

    def forward(self, z):
        """The image of z and the logarithm of the determinant."""
        x, logdet = z, torch.zeros_like(z[:, 0])
        for k, coord in enumerate(self.coords):
            shift, log_scale = self._terms(k, x)
            x = x.index_copy(1, coord, torch.exp(log_scale) * x[:, coord] + shift)
            logdet = logdet + log_scale.sum(1)
        return x, logdet

    def inverse(self, x):
        """The preimage of x, each layer undone by a subtraction and a division."""
        return self._inverse(x)[0]

    def _inverse(self, x):
        logdet = torch.zeros_like(x[:, 0])
        for k in reversed(range(len(self.coords))):
            shift, log_scale = self._terms(k, x)
            x = x.index_copy(1, self.coords[k], (x[:, self.coords[k]] - shift) / torch.exp(log_scale))
            logdet = logdet + log_scale.sum(1)
        return x, logdet

    def log_prob(self, x):
        """The logarithm of the density at x."""
        z, logdet = self._inverse(x)
        return -(z * z).sum(1) / 2 - self.dim / 2 * math.log(2 * math.pi) - logdet
