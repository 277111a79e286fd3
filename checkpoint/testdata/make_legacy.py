"""Writes testdata: the same objects as PyTorch wrote them before 1.6 (NAME.legacy.pt) and as it does since (NAME.zip.pt).

PyTorch no longer writes views of storages, _rebuild_tensor, or what Python 2 pickles; here a pickler does, and PyTorch reads the file. Keys of
storages are addresses: the files differ from run to run, what they hold does not. (python3-torch)
"""
import os
import pickle
import struct
import sys
from collections import OrderedDict

import torch

out = sys.argv[1]


def save(name, obj, **options):
    torch.save(obj, os.path.join(out, name + ".legacy.pt"), _use_new_zipfile_serialization=False, **options)
    torch.save(obj, os.path.join(out, name + ".zip.pt"))


save("small", {"w": torch.tensor([[1.0, 2.0], [3.0, 5.0]])})

g = torch.Generator().manual_seed(1)
base = torch.randn(5, 6, dtype=torch.float64, generator=g)
flat = torch.arange(40, dtype=torch.float32)
module = torch.nn.Sequential(torch.nn.Conv2d(4, 4, 1), torch.nn.BatchNorm2d(4))
for p in module.parameters():
    p.data = torch.randn(p.shape, generator=g)
save("mixed", {
    "model": module.state_dict(),
    "views": OrderedDict(base=base, transposed=base.T, part=base[1:4, 2:5], steps=base[::2, ::3], again=base, empty=base[:0]),
    "flat": [flat[4:20].view(4, 4), flat[3:].view(-1)[::4], flat[7].expand(3, 3)],
    "types": (base[:4, :4].half(), base[:4, :4].bfloat16(), base[:4, :4].float(), base[:4, :4] > 0),
    "integers": {1: torch.tensor([2, 0, 1]), 2: torch.tensor([1, 0], dtype=torch.int32), 3: torch.tensor([-3, 4], dtype=torch.int16),
                 4: torch.tensor([-5, 6], dtype=torch.int8), 5: torch.tensor([7, 255], dtype=torch.uint8)},
    "parameter": torch.nn.Parameter(base[:3, :3].clone()),
    "scalar": torch.tensor(2.5),
    "epoch": 7, "loss": 0.25, "name": "glow", "none": None, "done": True, "steps": [1, 2.5, 1 << 70],
})
arrays = torch.load(os.path.join(out, "../../testdata/checkpoints/state.pt"))
torch.save(arrays, os.path.join(out, "state.legacy.pt"), _use_new_zipfile_serialization=False)
save("protocol4", OrderedDict(arrays), pickle_protocol=4)


class Part:
    """Entries at..at+count of a storage, which PyTorch up to 0.3 had as a storage of its own."""

    def __init__(self, root, key, at, count):
        self.root, self.key, self.at, self.count = root, key, at, count


class Tensor:
    """A tensor as torch._utils._rebuild_tensor makes it."""

    def __init__(self, storage, offset, size, stride):
        self.args = storage, offset, size, stride

    def __reduce__(self):
        return torch._utils._rebuild_tensor, self.args


class Pairs(OrderedDict):
    """An OrderedDict as Python 2 pickles it."""

    def __reduce__(self):
        return OrderedDict, ([[k, v] for k, v in self.items()],)


class Python2(pickle._Pickler):
    dispatch = dict(pickle._Pickler.dispatch)

    def save_str(self, s):
        self.write(b"U" + struct.pack("<B", len(s)) + s.encode())
        self.memoize(s)

    dispatch[str] = save_str

    def persistent_id(self, obj):
        root = obj.root if isinstance(obj, Part) else obj
        if root not in roots.values():
            return None
        key = next(k for k, r in roots.items() if r is root)
        view = (obj.key, obj.at, obj.count) if isinstance(obj, Part) else None
        return "storage", torch.DoubleStorage, key, "cpu", len(root), view


class Root(list):
    __eq__ = object.__eq__


roots = {"201": Root([float(k * k) for k in range(20)]), "200": Root([0.5, -1.5, 2.5, 3.0])}
part = Part(roots["201"], "777", 4, 12)
old = Pairs()
old["whole"] = Tensor(roots["200"], 0, (2, 2), (2, 1))
old["part"] = Tensor(part, 1, (3, 3), (3, 1))
old["same"] = Tensor(part, 0, (2, 3), (1, 2))
old["root"] = Tensor(roots["201"], 2, (4, 4), (4, 1))
path = os.path.join(out, "old.legacy.pt")
with open(path, "wb") as f:
    pickle.dump(0x1950A86A20F9469CFC6C, f, protocol=2)
    pickle.dump(1001, f, protocol=2)
    Python2(f, protocol=2).dump(dict(protocol_version=1001, little_endian=True, type_sizes=dict(short=2, int=4, long=8)))
    Python2(f, protocol=2).dump(old)
    Python2(f, protocol=2).dump(sorted(roots))
    for key in sorted(roots):
        f.write(struct.pack(f"<q{len(roots[key])}d", len(roots[key]), *roots[key]))
torch.save(torch.load(path), os.path.join(out, "old.zip.pt"))
