#!/usr/bin/python3
"""Writes the stored PyTorch values that the engine's tests compare with: /usr/bin/python3 test/golden/engine/make.py

Every case has its inputs, output and the gradients of sum(output * weights), in TensorFlow.js's layout (NHWC,
filters HWIO), computed in float64 and rounded to seven digits.
"""
import json
import os

import torch
import torch.nn.functional as F

HERE = os.path.dirname(os.path.abspath(__file__))
GENERATOR = torch.Generator().manual_seed(20261124)


def random(*shape):
    # Rounded first: what is computed must come from the numbers that are stored.
    return torch.round(torch.randn(*shape, generator=GENERATOR, dtype=torch.float64) * 1e4) / 1e4


def to_nchw(x):
    return x.permute(0, 3, 1, 2)


def to_nhwc(x):
    return x.permute(0, 2, 3, 1)


def same_padding(size, kernel, stride):
    out = -(-size // stride)
    total = max(0, (out - 1) * stride + kernel - size)
    return total // 2, total - total // 2


def pad_same(x, kernel, stride, value=0.0):
    top, bottom = same_padding(x.shape[2], kernel, stride)
    left, right = same_padding(x.shape[3], kernel, stride)
    return F.pad(x, (left, right, top, bottom), value=value)


def store(tensor):
    values = [float(f"{v:.7g}") for v in tensor.detach().flatten().tolist()]
    return {"shape": list(tensor.shape), "values": values}


def case(name, inputs, compute, **attributes):
    leaves = {key: value.clone().requires_grad_(True) for key, value in inputs.items()}
    output = compute(**leaves)
    weights = random(*output.shape) if output.dim() > 0 else torch.ones((), dtype=torch.float64)
    grads = torch.autograd.grad((output * weights).sum(), list(leaves.values()))
    return {
        "name": name,
        "attributes": attributes,
        "inputs": {key: store(value) for key, value in inputs.items()},
        "weights": store(weights),
        "output": store(output),
        "gradients": {key: store(grad) for key, grad in zip(leaves, grads)},
    }


def conv(kernel, stride):
    def compute(x, w):
        return to_nhwc(F.conv2d(pad_same(to_nchw(x), kernel, stride), w.permute(3, 2, 0, 1), stride=stride))

    inputs = {"x": random(2, 6, 7, 3), "w": random(kernel, kernel, 3, 4)}
    return case(f"conv2d k{kernel} s{stride}", inputs, compute, op="conv2d", stride=stride)


def depthwise(kernel, stride):
    def compute(x, w):
        weight = w.permute(2, 3, 0, 1)
        return to_nhwc(F.conv2d(pad_same(to_nchw(x), kernel, stride), weight, stride=stride, groups=x.shape[3]))

    inputs = {"x": random(2, 7, 8, 5), "w": random(kernel, kernel, 5, 1)}
    return case(f"depthwise k{kernel} s{stride}", inputs, compute, op="depthwise", stride=stride)


def max_pool(kernel, stride):
    def compute(x):
        return to_nhwc(F.max_pool2d(pad_same(to_nchw(x), kernel, stride, float("-inf")), kernel, stride))

    return case(f"max pool k{kernel} s{stride}", {"x": random(2, 6, 7, 3)}, compute, op="maxPool", kernel=kernel, stride=stride)


def avg_pool(kernel, stride):
    def compute(x):
        padded = to_nchw(x)
        counts = F.avg_pool2d(pad_same(torch.ones_like(padded), kernel, stride), kernel, stride)
        return to_nhwc(F.avg_pool2d(pad_same(padded, kernel, stride), kernel, stride) / counts)

    return case(f"average pool k{kernel} s{stride}", {"x": random(2, 6, 7, 3)}, compute, op="avgPool", kernel=kernel, stride=stride)


def batch_norm():
    def compute(x, gamma, beta):
        return to_nhwc(F.batch_norm(to_nchw(x), None, None, gamma, beta, training=True, eps=1e-3))

    inputs = {"x": random(3, 4, 5, 6), "gamma": random(6), "beta": random(6)}
    return case("batch norm in training", inputs, compute, op="batchNorm", epsilon=1e-3)


def cross_entropy():
    labels = [2, 0, 4, 1, 3, 3]

    def compute(logits):
        return F.cross_entropy(logits, torch.tensor(labels))

    return case("softmax cross-entropy", {"logits": random(6, 5)}, compute, op="crossEntropy", labels=labels)


def main():
    cases = [
        *[conv(kernel, stride) for kernel in (1, 3, 5) for stride in (1, 2)],
        *[depthwise(kernel, stride) for kernel in (3, 5, 7) for stride in (1, 2)],
        *[max_pool(kernel, stride) for kernel, stride in ((2, 2), (3, 1), (3, 2))],
        *[avg_pool(kernel, stride) for kernel, stride in ((2, 2), (3, 1), (3, 2))],
        batch_norm(),
        case("silu", {"x": random(4, 9)}, lambda x: F.silu(x), op="silu"),
        case("elu", {"x": random(4, 9)}, lambda x: F.elu(x), op="elu"),
        case("softmax", {"x": random(4, 9)}, lambda x: F.softmax(x, -1), op="softmax"),
        cross_entropy(),
        case("matrix product", {"a": random(5, 7), "b": random(7, 3)}, lambda a, b: a @ b, op="matMul"),
    ]
    with open(os.path.join(HERE, "pytorch.json"), "w") as file:
        file.write(f'{{"torch": "{torch.__version__}", "cases": [\n')
        file.write(",\n".join(json.dumps(c, separators=(",", ":")) for c in cases))
        file.write("\n]}\n")


if __name__ == "__main__":
    main()
