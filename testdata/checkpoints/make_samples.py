"""Writes testdata/checkpoints: small checkpoints as NumPy and PyTorch write them (python3-numpy, python3-torch)."""
import json
import os
import struct
import sys
from collections import OrderedDict

import numpy as np
import torch

out = sys.argv[1]
os.makedirs(out, exist_ok=True)
rng = np.random.default_rng(1)


def rotation(n):
    q, r = np.linalg.qr(rng.standard_normal((n, n)))
    q *= np.sign(np.diag(r))
    if np.linalg.det(q) < 0:
        q[:, 0] *= -1
    return q


w4, w6, w3 = rotation(4), rotation(6), rotation(3)
arrays = {
    "flow.conv.weight": w6.astype("<f4").reshape(6, 6, 1, 1),
    "flow.lu": np.asfortranarray(w4),
    "flow.perm": np.array([2, 0, 1, 4, 3, 5][::-1], dtype="<i8"),
    "head.weight": rng.standard_normal((3, 5)).astype("<f4"),
    "mirror": np.diag([1.0, -1.0]),
}
np.savez(os.path.join(out, "model.npz"), **arrays)
np.savez_compressed(os.path.join(out, "compressed.npz"), **arrays)

tensors = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
state = OrderedDict(tensors)
torch.save(state, os.path.join(out, "state.pt"))
q, _ = torch.linalg.qr(torch.randn(12, 12, dtype=torch.float64, generator=torch.Generator().manual_seed(1)))
q[:, 0] *= torch.linalg.det(q)
torch.save({"flow.0.conv.weight": q[:, :, None, None]}, os.path.join(out, "page.pt"))  # as in docs/pytorch.md
model = {
    "epoch": 3,
    "name": "toy",
    "model": {"transposed": torch.from_numpy(w3).T, "part": torch.arange(20, dtype=torch.float64).reshape(4, 5)[1:3, 2:4]},
    "params": [torch.nn.Parameter(torch.from_numpy(w4)), torch.from_numpy(w4).half(), torch.from_numpy(w4).bfloat16()],
}
torch.save(model, os.path.join(out, "nested.pth"))


class Evil:
    def __reduce__(self):
        return (os.system, ("touch /tmp/flowproof-pickle-ran",))


torch.save({"w": torch.from_numpy(w3), "x": Evil()}, os.path.join(out, "evil.pt"))

names = {"float32": "F32", "float64": "F64", "int64": "I64"}
header, body = {"__metadata__": {"format": "pt"}}, b""
for k, v in arrays.items():
    raw = np.ascontiguousarray(v).tobytes()
    header[k] = {"dtype": names[str(v.dtype)], "shape": list(v.shape), "data_offsets": [len(body), len(body) + len(raw)]}
    body += raw
text = json.dumps(header).encode()
with open(os.path.join(out, "model.safetensors"), "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + body)
