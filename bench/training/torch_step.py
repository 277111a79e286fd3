"""Seconds of a training step of a RealNVP flow in PyTorch: the median of several, after a warm-up.

    python3 torch_step.py realnvp.py dim hidden batch threads steps
"""
import importlib.util
import statistics
import sys
import time

import torch

module = sys.argv[1]
dim, hidden, batch, threads, steps = map(int, sys.argv[2:])
spec = importlib.util.spec_from_file_location("realnvp", module)
realnvp = importlib.util.module_from_spec(spec)
spec.loader.exec_module(realnvp)
torch.set_num_threads(threads)
torch.manual_seed(1)
flow = realnvp.RealNVP(dim, 8, hidden, 2, 2.0)
adam = torch.optim.Adam(flow.parameters(), lr=1e-4)
x = torch.randn(batch, dim)


def step():
    begin = time.perf_counter()
    adam.zero_grad(set_to_none=True)
    flow.nll(x).backward()
    adam.step()
    return time.perf_counter() - begin


for _ in range(3):
    step()
print(statistics.median(step() for _ in range(steps)))
