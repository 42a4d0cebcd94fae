"""Answers each line of JSON {op, options, inputs} with values and gradients in float64: the reference of property tests.

Numbers travel as base64 of float32 (there) and float64 (back). `pull` weights the first output for the gradients.
"""

import base64
import json
import math
import sys

import numpy
import torch
import torch.nn.functional as F

from cells import cell_network, cell_operation
from ops import ACTIVATIONS, affine, conv, gate, mbconv, norm

torch.set_num_threads(1)


def received(t):
    values = numpy.frombuffer(base64.b64decode(t["data"]), dtype="<f4").astype("f8")
    return torch.from_numpy(values).reshape(t["shape"])


def sent(t):
    values = t.detach().contiguous().numpy().astype("<f8")
    return {"shape": list(t.shape), "data": base64.b64encode(values.tobytes()).decode()}


def batch_norm(t, epsilon, activation):
    y, mean, variance = norm(t["x"], t["gamma"], t["beta"], epsilon)
    return {"y": ACTIVATIONS[activation](y), "mean": mean, "variance": variance}


def conv_norm(t, stride, padding, epsilon, activation):
    y = conv(t["x"], t["kernel"], stride, padding)
    return {"y": ACTIVATIONS[activation](affine(y, t["gamma"], t["beta"], t["mean"], t["variance"], epsilon))}


def dilated(t, dilation, padding, depthwise):
    """A convolution of stride 1; `kernel` as TensorFlow has it, `[h, w, in, out]` or `[h, w, channels, multiplier]`."""
    x, kernel = t["x"].permute(0, 3, 1, 2), t["kernel"]
    height, width, a, b = kernel.shape
    if padding == "same":
        beyond = [(size - 1) * rate for size, rate in zip((height, width), dilation)]
        x = F.pad(x, [p for total in reversed(beyond) for p in (total // 2, total - total // 2)])
    if depthwise:
        weight = kernel.permute(2, 3, 0, 1).reshape(a * b, 1, height, width)
    else:
        weight = kernel.permute(3, 2, 0, 1)
    y = F.conv2d(x, weight, dilation=tuple(dilation), groups=a if depthwise else 1)
    return {"y": y.permute(0, 2, 3, 1)}


def cross_entropy(t, smoothing):
    return {"loss": F.cross_entropy(t["logits"], t["labels"].long(), label_smoothing=smoothing)}


def arcface(t, scale, margin):
    """Deng et al. without the easy margin; the first output is the loss."""
    labels = t["labels"].long()
    cosine = F.normalize(t["x"]) @ F.normalize(t["weight"], dim=0)
    own = cosine.gather(1, labels[:, None])
    angle = torch.acos(own)
    wider = torch.where(own > math.cos(math.pi - margin), torch.cos(angle + margin), own - margin * math.sin(margin))
    logits = scale * cosine.scatter(1, labels[:, None], wider)
    return {"loss": F.cross_entropy(logits, labels), "logits": logits}


def embedding_distance(t):
    return {"loss": F.mse_loss(F.normalize(t["x"]), F.normalize(t["target"]))}


def bilevel(t, rate):
    """The validation loss after one step of the weights, differentiated through it exactly; of test/train/bilevel.test.ts."""
    w, a = t["w"].requires_grad_(True), t["a"]
    training = (torch.tanh(t["x"] @ w) * a).pow(2).sum() + (w * a.sum()).pow(2).mean()
    (slope,) = torch.autograd.grad(training, w, create_graph=True)
    moved = w - rate * slope
    return {"loss": (torch.tanh(t["y"] @ moved) * a - 0.5).pow(2).sum()}


def squeeze_excite(t, activation):
    return {"y": gate(t["x"], t["w1"], t["b1"], t["w2"], t["b2"], ACTIVATIONS[activation])}


def optimised(t, kind, steps, options):
    w = torch.nn.Parameter(t["w"].clone())
    optimizer = getattr(torch.optim, kind)([w], **options)
    for i in range(steps):
        w.grad = t[f"grad{i}"].clone()
        optimizer.step()
    return {"w": w}


OPS = {
    "bilevel": bilevel,
    "arcface": arcface,
    "embedding_distance": embedding_distance,
    "mbconv": mbconv,
    "batchNorm": batch_norm,
    "convNorm": conv_norm,
    "dilated": dilated,
    "cellOperation": cell_operation,
    "cellNetwork": cell_network,
    "squeezeExcite": squeeze_excite,
    "crossEntropy": cross_entropy,
    "squaredError": lambda t: {"loss": F.mse_loss(t["y"], t["target"])},
    "errorsOf": lambda t: {"absolute": F.l1_loss(t["y"], t["target"]), "squared": (t["y"] - t["target"]).square().mean(0)},
    "activate": lambda t, activation: {"y": ACTIVATIONS[activation](t["x"])},
    "optimizer": optimised,
}

for line in sys.stdin:
    request = json.loads(line)
    inputs = {name: received(t) for name, t in request["inputs"].items()}
    pull = inputs.pop("pull", None)
    wanted = request.get("gradients", [])
    for name in wanted:
        inputs[name].requires_grad_(True)
    outputs = OPS[request["op"]](inputs, **request["options"])
    answer = {"outputs": {name: sent(t) for name, t in outputs.items()}, "gradients": {}}
    if wanted:
        first = next(iter(outputs.values()))
        (first * pull.reshape(first.shape) if pull is not None else first).sum().backward()
        answer["gradients"] = {name: sent(inputs[name].grad) for name in wanted}
    print(json.dumps(answer), flush=True)
