"""Writes <out>/<net>.safetensors (a state_dict under torchvision's names) and <net>-images, <net>-logits beside it."""

import json
import struct
import sys

import torch
import torchvision


def save(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size()
        dtype = {torch.float32: "F32", torch.int64: "I64"}[tensor.dtype]
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.contiguous().numpy().tobytes())


out, size = sys.argv[1], int(sys.argv[2])
torch.set_num_threads(1)
for name in sys.argv[3:]:
    torch.manual_seed(7)
    model = getattr(torchvision.models, name)(num_classes=1000)
    images = torch.randn(1, 3, size, size)
    # Running statistics as a training would leave them: some batches, not the ones looked at.
    model.train()
    with torch.no_grad():
        for norm in model.modules():
            if isinstance(norm, torch.nn.BatchNorm2d):
                norm.momentum = 0.5
                norm.weight.uniform_(0.5, 1.5)
                norm.bias.uniform_(-0.5, 0.5)
        for _ in range(2):
            model(torch.randn(4, 3, 64, 64))
        model.eval()
        logits = model(images)
    save(f"{out}/{name}.safetensors", model.state_dict())
    save(f"{out}/{name}-seen.safetensors", {"images": images.permute(0, 2, 3, 1), "logits": logits})
