"""A linear coupling flow as a PyTorch module, loaded from a safetensors file that flowproof wrote.

    flow = CouplingFlow.load("layers.safetensors")
    y, logdet = flow(x)          # x: (..., n), or (N, n, H, W) with image=True, a 1x1 convolution
    x = flow.inverse(y)          # by subtraction and division only
"""
import json
import struct

import torch
from torch import nn


from safetensors_reader import read_safetensors


class CouplingFlow(nn.Module):
    """Layers x1 <- D x1 + X x2 (U) or x2 <- D x2 + X x1 (L), the last one in the file acting first."""

    def __init__(self, order, p, layers):
        super().__init__()
        self.p = p
        self.kinds = [kind for kind, _, _ in layers]
        self.register_buffer("order", order)
        self.register_buffer("back", torch.argsort(order))
        self.weights = nn.ParameterList([nn.Parameter(w) for _, w, _ in layers])
        # log-scales, so that training keeps the scales positive
        self.log_scales = nn.ParameterList([nn.Parameter(torch.log(d)) for _, _, d in layers])

    @classmethod
    def load(cls, path):
        tensors, meta = read_safetensors(path)
        layers, k = [], 0
        while True:
            kind = next((c for c in "LU" if f"layers.{k}.{c}.weight" in tensors), None)
            if kind is None:
                break
            w = tensors[f"layers.{k}.{kind}.weight"]
            layers.append((kind, w, tensors.get(f"layers.{k}.scale", torch.ones(len(w), dtype=w.dtype))))
            k += 1
        return cls(tensors["order"], int(meta["p"]), layers)

    def _split(self, x, image):
        x = x.movedim(1, -1) if image else x
        x = x[..., self.order]
        return x[..., : self.p], x[..., self.p :]

    def _join(self, first, second, image):
        y = torch.cat([first, second], dim=-1)[..., self.back]
        return y.movedim(-1, 1) if image else y

    def forward(self, x, image=False):
        """The image of x and the logarithm of the determinant (times the number of pixels of an image)."""
        first, second = self._split(x, image)
        logdet = 0
        for kind, w, s in zip(reversed(self.kinds), reversed(list(self.weights)), reversed(list(self.log_scales))):
            if kind == "U":
                first = first * torch.exp(s) + second @ w.T
            else:
                second = second * torch.exp(s) + first @ w.T
            logdet = logdet + s.sum()
        if image:
            logdet = logdet * x.shape[2] * x.shape[3]
        return self._join(first, second, image), logdet

    def inverse(self, y, image=False):
        """The preimage of y, each layer undone by a subtraction and a division."""
        first, second = self._split(y, image)
        for kind, w, s in zip(self.kinds, self.weights, self.log_scales):
            if kind == "U":
                first = (first - second @ w.T) / torch.exp(s)
            else:
                second = (second - first @ w.T) / torch.exp(s)
        return self._join(first, second, image)
