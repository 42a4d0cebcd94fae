"""PyTorch's side of `bench -- step`: a child that trains one MBConv on request, JSON lines over stdio.

Requests: {"do": "versions"}; {"do": "set up", "shape": {...}, "threads": n, "tensors": {name: base64 float32}};
{"do": "first step"}; {"do": "time", "layout": "nhwc" | "nchw", "steps": n}. One answer a request.
The model is PyTorch's best ordinary form: channels_last (or NCHW), in-place SiLU, SGD with set_to_none.
"""

import base64
import json
import sys
import time

import numpy
import torch
import torch.nn.functional as F
from torch import nn


class SqueezeExcite(nn.Module):
    def __init__(self, channels, reduced):
        super().__init__()
        self.w1 = nn.Conv2d(channels, reduced, 1)
        self.w2 = nn.Conv2d(reduced, channels, 1)

    def forward(self, x):
        pooled = x.mean((2, 3), keepdim=True)
        return x * torch.sigmoid(self.w2(F.silu(self.w1(pooled))))


class MBConv(nn.Module):
    def __init__(self, s):
        super().__init__()
        middle = s["channels"] * s["expansion"]
        layers = []
        if s["expansion"] > 1:
            layers += [nn.Conv2d(s["channels"], middle, 1, bias=False), nn.BatchNorm2d(middle, eps=s["epsilon"]), nn.SiLU(inplace=True)]
        layers += [
            nn.Conv2d(middle, middle, s["kernel"], s["stride"], s["kernel"] // 2, groups=middle, bias=False),
            nn.BatchNorm2d(middle, eps=s["epsilon"]),
            nn.SiLU(inplace=True),
        ]
        if s["se"]:
            layers += [SqueezeExcite(middle, s["reduced"])]
        layers += [nn.Conv2d(middle, s["channels"], 1, bias=False), nn.BatchNorm2d(s["channels"], eps=s["epsilon"])]
        self.layers = nn.Sequential(*layers)
        self.residual = s["stride"] == 1

    def forward(self, x):
        y = self.layers(x)
        return y + x if self.residual else y


def parameters(model):
    """The parameters by the names that the parent uses."""
    layers = list(model.layers)
    named = {}
    if len([m for m in layers if isinstance(m, nn.BatchNorm2d)]) == 3:
        parts = ["expand", "depthwise", "project"]
    else:
        parts = ["depthwise", "project"]
    convs = [m for m in layers if isinstance(m, nn.Conv2d)]
    norms = [m for m in layers if isinstance(m, nn.BatchNorm2d)]
    for part, conv, norm in zip(parts, convs, norms):
        named[part + ".kernel"] = conv.weight
        named[part + ".gamma"] = norm.weight
        named[part + ".beta"] = norm.bias
    for m in layers:
        if isinstance(m, SqueezeExcite):
            named.update({"se.w1": m.w1.weight, "se.b1": m.w1.bias, "se.w2": m.w2.weight, "se.b2": m.w2.bias})
    return named


def to_torch(name, array, shape):
    """TensorFlow's axis order to PyTorch's."""
    t = torch.from_numpy(array.reshape(shape).copy())
    if name == "depthwise.kernel":
        return t.permute(2, 3, 0, 1).contiguous()
    if name.endswith("kernel"):
        return t.permute(3, 2, 0, 1).contiguous()
    if name in ("se.w1", "se.w2"):
        return t.t().reshape(shape[1], shape[0], 1, 1).contiguous()
    if t.dim() == 4:
        return t.permute(0, 3, 1, 2).contiguous()
    return t


def from_torch(name, t):
    """PyTorch's axis order to TensorFlow's, flat."""
    if name == "depthwise.kernel":
        t = t.permute(2, 3, 0, 1)
    elif name.endswith("kernel"):
        t = t.permute(2, 3, 1, 0)
    elif name in ("se.w1", "se.w2"):
        t = t.flatten(1).t()
    elif t.dim() == 4:
        t = t.permute(0, 2, 3, 1)
    return base64.b64encode(t.contiguous().numpy().tobytes()).decode()


class Step:
    """One model in one layout, with its optimiser."""

    def __init__(self, request, layout):
        s = request["shape"]
        fmt = torch.channels_last if layout == "nhwc" else torch.contiguous_format
        arrays = {n: (numpy.frombuffer(base64.b64decode(v["data"]), dtype="<f4"), v["shape"]) for n, v in request["tensors"].items()}
        self.model = MBConv(s).train()
        with torch.no_grad():
            for name, p in parameters(self.model).items():
                p.copy_(to_torch(name, *arrays[name]))
        self.model.to(memory_format=fmt)
        self.x = to_torch("x", *arrays["x"]).contiguous(memory_format=fmt)
        self.x.requires_grad_(s["inputGradient"])
        self.target = to_torch("target", *arrays["target"]).contiguous(memory_format=fmt)
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=s["learningRate"], momentum=s["momentum"])

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.x.grad = None
        loss = F.mse_loss(self.model(self.x), self.target)
        loss.backward()
        self.optimizer.step()
        return loss


def main():
    steps = {}
    for line in sys.stdin:
        request = json.loads(line)
        do = request["do"]
        if do == "versions":
            answer = {"torch": torch.__version__, "python": sys.version.split()[0], "mkldnn": torch.backends.mkldnn.is_available()}
        elif do == "set up":
            torch.set_num_threads(request["threads"])
            steps = {layout: Step(request, layout) for layout in ("nhwc", "nchw")}
            answer = {}
        elif do == "first step":
            step = Step(request, "nhwc")
            loss = step.run().item()
            grads = {n: from_torch(n, p.grad) for n, p in parameters(step.model).items()}
            if step.x.grad is not None:
                grads["x"] = from_torch("x", step.x.grad)
            answer = {"loss": loss, "grads": grads}
        elif do == "time":
            times = []
            for _ in range(request["steps"]):
                start = time.perf_counter()
                steps[request["layout"]].run().item()
                times.append((time.perf_counter() - start) * 1e3)
            answer = {"ms": times}
        else:
            answer = {"error": "unknown request: " + str(do)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
