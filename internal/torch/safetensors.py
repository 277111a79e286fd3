def read_safetensors(path):
    """The tensors of a safetensors file by name, and its metadata."""
    types = {"F64": torch.float64, "F32": torch.float32, "I64": torch.int64}
    with open(path, "rb") as f:
        (size,) = struct.unpack("<Q", f.read(8))
        header = json.loads(f.read(size))
        body = bytearray(f.read())
    meta = header.pop("__metadata__", {})
    tensors = {}
    for name, info in header.items():
        start, end = info["data_offsets"]
        flat = torch.frombuffer(body[start:end], dtype=types[info["dtype"]])
        tensors[name] = flat.reshape(info["shape"]).clone()
    return tensors, meta
