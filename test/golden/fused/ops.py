"""The fused ops in PyTorch: tensors in TensorFlow's order of axes, any precision."""

import torch
import torch.nn.functional as F

ACTIVATIONS = {"none": lambda x: x, "silu": F.silu, "relu": F.relu, "relu6": F.relu6}


def affine(x, gamma, beta, mean, variance, epsilon):
    return (x - mean) / torch.sqrt(variance + epsilon) * gamma + beta


def norm(x, gamma, beta, epsilon):
    axes = tuple(range(x.dim() - 1))
    mean, variance = x.mean(axes), x.var(axes, unbiased=False)
    return affine(x, gamma, beta, mean, variance, epsilon), mean, variance


def gate(x, w1, b1, w2, b2, act):
    hidden = act(x.mean((1, 2)) @ w1 + b1)
    return x * torch.sigmoid(hidden @ w2 + b2)[:, None, None, :]


def same(size, kernel, stride):
    """TensorFlow's "same" padding, which may be wider at the end."""
    whole = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return whole // 2, whole - whole // 2


def conv(x, kernel, stride=1, padding=0, groups=1):
    weight = kernel.permute(2, 3, 0, 1) if groups > 1 else kernel.permute(3, 2, 0, 1)
    planes = x.permute(0, 3, 1, 2)
    if padding == "same":
        rows, columns = (same(s, k, stride) for s, k in zip(x.shape[1:3], kernel.shape[:2]))
        planes, padding = F.pad(planes, (*columns, *rows)), 0
    return F.conv2d(planes, weight, stride=stride, padding=padding, groups=groups).permute(0, 2, 3, 1)


def mbconv(t, stride, padding, epsilon, activation, residual, inference=False):
    """y, then the batch's statistics; with `inference`, y by the given ones: mean1, variance1 and so on."""
    f, stats, x = ACTIVATIONS[activation], {}, t["x"]

    def normal(y, i, name):
        if inference:
            return affine(y, t[f"gamma{i}"], t[f"beta{i}"], t[f"mean{i}"], t[f"variance{i}"], epsilon)
        y, stats[f"{name}.mean"], stats[f"{name}.variance"] = norm(y, t[f"gamma{i}"], t[f"beta{i}"], epsilon)
        return y

    y = f(normal(conv(x, t["w1"]), 1, "expand")) if "w1" in t else x
    y = f(normal(conv(y, t["wd"], stride, padding, y.shape[3]), 2, "depthwise"))
    if "se1" in t:
        y = gate(y, t["se1"], t["b1"], t["se2"], t["b2"], f)
    y = normal(conv(y, t["w2"]), 3, "project")
    return {"y": y + x if residual else y, **stats}
