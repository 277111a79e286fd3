"""Sample from a nonlinear flow with PyTorch and compare with NumPy, with automatic derivatives, with its target and its report.

    python3 check_flow_torch.py nonlinear.py flow.safetensors flow.npz report.json

The module and the files come from verify universal with the same target and bound; flow.npz is piecewise-linear, flow.safetensors of either form and
type. Exits 0 if forward, inverse, log-determinant and log-density agree and the samples are those of the flow.
"""
import json
import sys

import numpy as np
import torch

from check_flow_npz import Flow, check
from check_torch import load_module


def main(module, tensors, archive, report):
    with open(report) as f:
        report = json.load(f)
    module = load_module(module)
    flow, reference = module.NonlinearFlow.load(tensors), Flow(np.load(archive))
    form = module.read_safetensors(tensors)[1]["form"]
    dtype = flow.log_factors[0].dtype
    wide = dtype == torch.float64
    torch.manual_seed(1)
    z = torch.randn(20_000, reference.dim, dtype=dtype)
    want, logdet = reference.forward(z.double().numpy())
    with torch.no_grad():
        x, got = flow(z)
        back = (flow.inverse(x) - z).abs().max().item()
        off = (x.double().numpy() - want).__abs__()
        assert np.abs(got.double().numpy() - logdet).max() <= (1e-12 if wide else 1e-5)
        density = flow.log_prob(x) - (-(z * z).sum(1) / 2 - reference.dim / 2 * np.log(2 * np.pi) - got)
    # What a form loses is the report's; a point at a steep place loses more, and few are at one.
    loss = {("relu", True): "float64", ("relu", False): "float32", ("piecewise-linear", False): "knots_float32"}.get((form, wide))
    tolerance = 1e-12 if loss is None else 5 * report["hinges"][loss]
    worst = np.quantile(off, 0.98)
    assert worst <= tolerance, (worst, tolerance)
    if wide:
        assert back <= 1e-6 and density.abs().median() <= 1e-6, (back, density.abs().median())
        for point in z[:16]:
            j = torch.autograd.functional.jacobian(lambda p: flow(p[None])[0][0], point)
            assert abs(torch.linalg.slogdet(j)[1].item() - logdet[0]) <= 1e-6 * (1 + j.abs().max().item()), j
    rng = np.random.default_rng(1)
    w = check(x.double().numpy(), reference.target(len(x), rng), report, rng)
    print(f"{tensors}: {form}, {dtype}, {len(x)} samples, off by {worst:.1e} at the 98th percentile, inverse by {back:.1e}, W2 at least {w:.4f} along a line")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
