"""Loss and derivatives of a flow in PyTorch beside those that the Go tests wrote.

    python3 compare.py realnvp.py flow.safetensors gradient.safetensors batch.raw loss
"""
import importlib.util
import sys

import numpy as np
import torch

module, flow_path, gradient_path, batch_path, loss = sys.argv[1:]
spec = importlib.util.spec_from_file_location("realnvp", module)
realnvp = importlib.util.module_from_spec(spec)
spec.loader.exec_module(realnvp)
flow = realnvp.RealNVP.load(flow_path)
dtype = next(flow.parameters()).dtype
x = torch.from_numpy(np.fromfile(batch_path, dtype=np.float64).reshape(-1, flow.dim)).to(dtype)
value = flow.nll(x)
value.backward()
gradients, _ = realnvp.read_safetensors(gradient_path)
worst = abs(value.item() - float(loss)) / abs(value.item())
largest = max(g.abs().max().item() for g in gradients.values())
for name, parameter in flow.named_parameters():
    worst = max(worst, (parameter.grad - gradients.pop(name)).abs().max().item() / largest)
assert not gradients, f"no such parameters: {list(gradients)}"
with torch.no_grad():
    z, _ = flow(x)
    trip = (flow.inverse(z) - x).abs().max().item()
limit = 1e-11 if dtype == torch.float64 else 1e-5
print(f"{dtype}: largest difference {worst:.1e}, round trip {trip:.1e}")
sys.exit(worst > limit or trip > 100 * limit)
