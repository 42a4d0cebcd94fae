"""Writes state_dicts of torchvision's networks, with what they answer, to a folder of safetensors files.

usage: hub-weights.py <out> <net>:<height>x<width>[:half] ...    (e.g. efficientnet_b0:96x64 resnet18:64x64:half)

Weights are random, batch-norm statistics those of some batches, scales and shifts far from 1 and 0. For each net:
<net>.safetensors (names and layouts of torchvision), with ":half" <net>-half and <net>-bfloat (the same in half precision),
<net>-seen (images [batch, height, width, channels], logits) and <net>.json (parameters, MACs counted by hooks).
"""

import json
import struct
import sys

import torch
import torchvision

DTYPES = {torch.float32: "F32", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64"}


def save(path, tensors):
    header, offset, parts = {}, 0, []
    for name, tensor in tensors.items():
        tensor = tensor.contiguous()
        size = tensor.numel() * tensor.element_size()
        header[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
        # NumPy has no bfloat16: its bytes are those of an int16.
        parts.append((tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes())
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for part in parts:
            file.write(part)


def counted_macs(model, images):
    """Multiply-adds of convolutions and linear layers for one image."""
    total = 0

    def count(module, _, output):
        nonlocal total
        if isinstance(module, torch.nn.Conv2d):
            kernel = module.kernel_size[0] * module.kernel_size[1] * module.in_channels // module.groups
            total += kernel * output[0].numel()
        else:
            total += module.in_features * module.out_features

    layers = [m for m in model.modules() if isinstance(m, (torch.nn.Conv2d, torch.nn.Linear))]
    hooks = [layer.register_forward_hook(count) for layer in layers]
    logits = model(images)
    for hook in hooks:
        hook.remove()
    return total, logits


out = sys.argv[1]
torch.set_num_threads(1)
for spec in sys.argv[2:]:
    name, size, *options = spec.split(":")
    height, width = map(int, size.split("x"))
    torch.manual_seed(7)
    model = getattr(torchvision.models, name)(num_classes=1000)
    model.train()
    with torch.no_grad():
        for norm in model.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                norm.momentum = 0.5
                norm.weight.uniform_(0.5, 1.5)
                norm.bias.uniform_(-0.5, 0.5)
        for _ in range(2):
            model(torch.randn(4, 3, 64, 64))
        # Fresh classifiers answer near nothing.
        for layer in model.modules():
            if isinstance(layer, torch.nn.Linear):
                layer.weight.mul_(10 if layer.out_features == 1000 else 1)
                layer.bias.uniform_(-0.5, 0.5)
        model.eval()
        images = torch.randn(1, 3, height, width)
        macs, logits = counted_macs(model, images)
    state = model.state_dict()
    kinds = {"": torch.float32}
    if "half" in options:
        kinds |= {"-half": torch.float16, "-bfloat": torch.bfloat16}
    for kind, dtype in kinds.items():
        as_kind = {key: value.to(dtype) if value.is_floating_point() else value for key, value in state.items()}
        save(f"{out}/{name}{kind}.safetensors", as_kind)
    save(f"{out}/{name}-seen.safetensors", {"images": images.permute(0, 2, 3, 1), "logits": logits})
    with open(f"{out}/{name}.json", "w") as file:
        json.dump({"params": sum(p.numel() for p in model.parameters()), "macs": macs}, file)
