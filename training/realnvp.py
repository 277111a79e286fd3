"""A trained RealNVP flow as a PyTorch module, loaded from a safetensors file that flowproof wrote.

    flow = RealNVP.load("flow.safetensors")
    z, logdet = flow(x)          # x: N x n, data to noise; logdet: N
    x = flow.inverse(z)          # noise to data
    flow.nll(x).backward()       # the mean negative log-density in nats
"""
import json
import math
import struct

import torch
from torch import nn


from safetensors_reader import read_safetensors


class RealNVP(nn.Module):
    """Coupling k updates the second part (coordinates from n // 2 on) if k is even, else the first.

    A coupling's network reads the other part and returns raw log-scales and shifts; the log-scale is
    bound * tanh(raw / bound). Additive couplings have shifts only.
    """

    def __init__(self, dim, couplings, hidden, hidden_layers, bound, additive=False):
        super().__init__()
        self.dim, self.bound, self.additive = dim, bound, additive
        self.couplings = nn.ModuleList()
        first = dim // 2
        for k in range(couplings):
            keep, move = (first, dim - first) if k % 2 == 0 else (dim - first, first)
            widths = [keep] + [hidden] * hidden_layers + [move if additive else 2 * move]
            layers = []
            for a, b in zip(widths, widths[1:]):
                layers += [nn.Linear(a, b), nn.ReLU()]
            self.couplings.append(nn.Sequential(*layers[:-1]))

    @classmethod
    def load(cls, path):
        tensors, meta = read_safetensors(path)
        c = json.loads(meta["config"])
        flow = cls(c["Dim"], c["Couplings"], c["Hidden"], c["HiddenLayers"], c["LogScale"], c["Additive"])
        state = {name: t for name, t in tensors.items() if name.startswith("couplings.")}
        flow.to(next(iter(state.values())).dtype).load_state_dict(state)
        return flow

    def _terms(self, k, kept):
        out = self.couplings[k](kept)
        if self.additive:
            return torch.zeros_like(out), out
        raw, shift = out.chunk(2, dim=-1)
        return self.bound * torch.tanh(raw / self.bound), shift

    def forward(self, x):
        """Noise and the logarithm of the determinant of dz/dx, for each row."""
        p = self.dim // 2
        first, second = x[:, :p], x[:, p:]
        logdet = x.new_zeros(len(x))
        for k in range(len(self.couplings)):
            s, t = self._terms(k, first if k % 2 == 0 else second)
            if k % 2 == 0:
                second = second * torch.exp(s) + t
            else:
                first = first * torch.exp(s) + t
            logdet = logdet + s.sum(dim=-1)
        return torch.cat([first, second], dim=-1), logdet

    def inverse(self, z):
        p = self.dim // 2
        first, second = z[:, :p], z[:, p:]
        for k in reversed(range(len(self.couplings))):
            s, t = self._terms(k, first if k % 2 == 0 else second)
            if k % 2 == 0:
                second = (second - t) * torch.exp(-s)
            else:
                first = (first - t) * torch.exp(-s)
        return torch.cat([first, second], dim=-1)

    def nll(self, x):
        """The mean over the rows of the negative log-density in nats."""
        z, logdet = self(x)
        return (z.square().sum(dim=-1) / 2 - logdet).mean() + self.dim / 2 * math.log(2 * math.pi)
