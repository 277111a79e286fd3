"""Load an exported flow in PyTorch and compare it with its target.

    python3 check_torch.py flow.py layers.safetensors layers.npz [image.png]

flow.py and layers.safetensors come from verify export; layers.npz, of the same flow with the half partition, holds the target. Random vectors, and the
pixels of the image if there is one, go forward and back; exits 0 if both agree with the target to float64 (or float32) precision.
"""
import importlib.util
import math
import sys

import numpy as np
import torch


def load_module(path):
    spec = importlib.util.spec_from_file_location("flow", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def photograph(path, channels):
    """The image as a 1 x channels x H x W tensor, squeezed as RealNVP does, if Pillow is there and the number fits."""
    from PIL import Image

    x = torch.from_numpy(np.asarray(Image.open(path).convert("RGB"), dtype=np.float64) / 255).permute(2, 0, 1)[None]
    while x.shape[1] < channels:
        x = torch.nn.functional.pixel_unshuffle(x, 2)
    if x.shape[1] != channels:
        sys.exit(f"{path}: no squeeze of it has {channels} channels")
    return x


def main(module, tensors, archive, image):
    flow = load_module(module).CouplingFlow.load(tensors)
    target = torch.from_numpy(np.load(archive)["target"])
    n, dtype = len(target), flow.weights[0].dtype
    tolerance = 1e-11 if dtype == torch.float64 else 1e-4
    torch.manual_seed(1)
    worst = 0.0
    with torch.no_grad():
        x = torch.randn(64, n, dtype=dtype)
        y, logdet = flow(x)
        want = x.double() @ target.T
        worst = max(worst, (y - want).abs().max().item(), (flow.inverse(y) - x).abs().max().item())
        worst = max(worst, abs(float(logdet) - torch.linalg.slogdet(target)[1].item()) / math.sqrt(n))
        if image:
            x = photograph(image, n).to(dtype)
            y, _ = flow(x, image=True)
            want = torch.nn.functional.conv2d(x.double(), target[:, :, None, None])
            worst = max(worst, (y - want).abs().max().item(), (flow.inverse(y, image=True) - x).abs().max().item())
    print(f"{tensors}: n = {n}, {dtype}, largest difference {worst:.1e}")
    return 0 if worst <= tolerance else 1


if __name__ == "__main__":
    if len(sys.argv) not in (4, 5):
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:4], sys.argv[4] if len(sys.argv) == 5 else None))
