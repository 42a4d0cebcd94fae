"""Operations and networks of cells, written after the papers' released PyTorch code: the reference of test/nn/cells.

Weights come as w0, w1, ... in the order in which PyTorch's modules of that code list them.
"""

import re

import torch
import torch.nn.functional as F


class Weights:
    """Hands out weights one after another, in PyTorch's layout."""

    def __init__(self, tensors, epsilon):
        self.tensors = tensors
        self.epsilon = epsilon
        self.at = 0

    def take(self):
        self.at += 1
        return self.tensors[f"w{self.at - 1}"]

    def act(self, x, style):
        return F.prelu(x, self.take()) if style["activation"] == "prelu" else F.relu(x)

    def norm(self, x):
        return F.batch_norm(x, None, None, self.take(), self.take(), training=True, eps=self.epsilon)

    def conv(self, x, stride=1, padding=0):
        return F.conv2d(x, self.take().permute(3, 2, 0, 1), stride=stride, padding=padding)

    def depthwise(self, x, stride=1, padding=0, dilation=1):
        weight = self.take().permute(2, 3, 0, 1)
        return F.conv2d(x, weight, stride=stride, padding=padding, dilation=dilation, groups=x.shape[1])

    def pointwise(self, x, style, stride=1):
        if style["pointwise"] == "conv":
            return self.conv(x, stride)
        return self.conv(self.depthwise(x, stride))


def relu_conv_bn(w, x, style, stride=1):
    return w.norm(w.pointwise(w.act(x, style), style, stride))


def factorized_reduce(w, x, style):
    x = w.act(x, style)
    even = w.pointwise(x, style, 2)
    odd = w.pointwise(F.pad(x, (0, 1, 0, 1))[:, :, 1:, 1:], style, 2)
    return w.norm(torch.cat([even, odd], 1))


def separable(w, x, style, kernel, stride, dilation=1):
    x = w.depthwise(w.act(x, style), stride, dilation * (kernel - 1) // 2, dilation)
    return w.norm(w.conv(x))


def inverted_residual(w, x, style, kernel, stride):
    y = w.norm(w.conv(w.act(x, style)))
    y = w.norm(w.depthwise(w.act(y, style), stride, kernel // 2))
    y = w.norm(w.conv(y))
    return x + y if stride == 1 else y


def pooled(w, y, style, x, width):
    if style["poolNorm"]:
        y = w.norm(y)
    return y if x.shape[1] == width else w.norm(w.conv(y))


def skip(w, x, style, stride, width):
    if stride == 1:
        return x if x.shape[1] == width else relu_conv_bn(w, x, style)
    return relu_conv_bn(w, x, style, 2) if style["stridedSkip"] == "conv" else factorized_reduce(w, x, style)


def asymmetric(w, x, style, k, s):
    y = w.conv(w.act(x, style), (1, s), (0, k // 2))
    return w.norm(w.conv(y, (s, 1), (k // 2, 0)))


OPS = {
    "none": lambda w, x, style, k, s, c: x.new_zeros(x.shape[0], c, *[-(-n // s) for n in x.shape[2:]]) + 0 * x.sum(),
    "skip": lambda w, x, style, k, s, c: skip(w, x, style, s, c),
    "max": lambda w, x, style, k, s, c: pooled(w, F.max_pool2d(x, k, s, k // 2), style, x, c),
    "avg": lambda w, x, style, k, s, c: pooled(
        w, F.avg_pool2d(x, k, s, k // 2, count_include_pad=False), style, x, c
    ),
    "sep": lambda w, x, style, k, s, c: separable(w, separable(w, x, style, k, s), style, k, 1),
    "dw": lambda w, x, style, k, s, c: separable(w, x, style, k, s),
    "dil": lambda w, x, style, k, s, c: separable(w, x, style, k, s, 2),
    "asym": lambda w, x, style, k, s, c: asymmetric(w, x, style, k, s),
    "inv": lambda w, x, style, k, s, c: inverted_residual(w, x, style, k, s),
    "conv": lambda w, x, style, k, s, c: w.norm(w.conv(w.act(x, style), s, k // 2)),
}


def operate(w, x, op, style, stride, width):
    kind, kernel = re.fullmatch(r"([a-z]+)(\d?)", op).groups()
    return OPS[kind](w, x, style, int(kernel or 0), stride, width)


def channels_first(x):
    return x.permute(0, 3, 1, 2)


def cell_operation(t, op, stride, width, style, epsilon):
    y = operate(Weights(t, epsilon), channels_first(t["x"]), op, style, stride, width)
    return {"y": y.permute(0, 2, 3, 1)}


def cell(w, graph, part, style, before, last, first):
    width, stride = part["width"], part["stride"]
    if graph["inputs"] == 1:
        states = [last]
    else:
        if first and style["firstInput"] == "raw":
            left = before
        elif before.shape[2:] != last.shape[2:]:
            left = factorized_reduce(w, before, style)
        else:
            left = relu_conv_bn(w, before, style)
        states = [left, relu_conv_bn(w, last, style)]
    read = set()
    for edges in graph["nodes"]:
        terms = []
        for edge in edges:
            read.add(edge["from"])
            own = stride if edge["from"] < graph["inputs"] else 1
            terms.append(operate(w, states[edge["from"]], edge["op"], style, own, width))
        states.append(sum(terms))
    every = range(graph["inputs"], len(states))
    output = graph["output"]
    joined = {"all": every, "unused": [i for i in every if i not in read]}[output] if isinstance(output, str) else output
    return torch.cat([states[i] for i in joined], 1)


def residual(w, part, style, x):
    around = x
    if part["stride"] == 2:
        around = w.conv(F.avg_pool2d(x, 2, 2))
    elif x.shape[1] != part["width"]:
        around = w.norm(w.conv(w.act(x, style)))
    y = w.norm(w.conv(w.act(x, style), part["stride"], 1))
    return around + w.norm(w.conv(w.act(y, style), 1, 1))


def cell_network(t, architecture):
    """Weights in the order stem, stack, head, classifier."""
    style, stem, head = (architecture[key] for key in ("style", "stem", "head"))
    w = Weights(t, architecture["batchNormEpsilon"])
    padding = 0 if stem["padding"] == "valid" else stem["kernelSize"] // 2
    before = last = w.norm(w.conv(channels_first(t["x"]), stem["stride"], padding))
    for i, part in enumerate(architecture["stack"]):
        if part["kind"] == "cell":
            after = cell(w, architecture["cells"][part["cell"]], part, style, before, last, i == 0)
        else:
            after = residual(w, part, style, last)
        before, last = last, after
    if head["kind"] == "embedding":
        y = w.norm(w.conv(w.act(last, style)))
        y = w.norm(w.depthwise(w.act(y, style)))
        return {"y": w.norm(w.conv(y)).flatten(1)}
    if head["before"] == "norm and activation":
        last = w.norm(last)
    if head["before"] != "nothing":
        last = w.act(last, style)
    return {"y": last.mean((2, 3)) @ w.take() + w.take()}
