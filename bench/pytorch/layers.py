"""Layers and networks of `src/space`, in PyTorch's best ordinary form: in-place activations, SGD with set_to_none."""

import torch
import torch.nn.functional as F
from torch import nn

from arrays import FORMATS, array, images, images_text, text, weight_in, weight_text

ACTIVATIONS = {"silu": nn.SiLU, "relu": nn.ReLU, "relu6": nn.ReLU6}


def conv_norm(named, name, norm, into, out, kernel, stride, groups, activation, epsilon):
    conv = nn.Conv2d(into, out, kernel, stride, kernel // 2, groups=groups, bias=False)
    bn = nn.BatchNorm2d(out, eps=epsilon)
    named[name] = conv.weight
    named.update({norm + ".gamma": bn.weight, norm + ".beta": bn.bias, norm + ".runningMean": bn.running_mean, norm + ".runningVariance": bn.running_var})
    after = [] if activation == "none" else [ACTIVATIONS[activation](inplace=True)]
    return [conv, bn] + after


class SqueezeExcite(nn.Module):
    def __init__(self, named, name, channels, reduced, activation):
        super().__init__()
        self.reduce = nn.Conv2d(channels, reduced, 1)
        self.expand = nn.Conv2d(reduced, channels, 1)
        self.activation = ACTIVATIONS[activation](inplace=True)
        named.update({name + ".reduce.kernel": self.reduce.weight, name + ".reduce.bias": self.reduce.bias, name + ".expand.kernel": self.expand.weight, name + ".expand.bias": self.expand.bias})

    def forward(self, x):
        gate = self.expand(self.activation(self.reduce(x.mean((2, 3), keepdim=True))))
        return x * torch.sigmoid(gate)


class MBConv(nn.Module):
    def __init__(self, named, name, layer, into, epsilon):
        super().__init__()
        middle, out, act = into * layer["expansion"], layer["outChannels"], layer["activation"]
        parts = []
        if layer["expansion"] != 1:
            parts += conv_norm(named, name + "expand.kernel", name + "expand.norm", into, middle, 1, 1, 1, act, epsilon)
        parts += conv_norm(named, name + "depthwise.kernel", name + "depthwise.norm", middle, middle, layer["kernelSize"], layer["stride"], middle, act, epsilon)
        if layer["seRatio"] > 0:
            parts += [SqueezeExcite(named, name + "se", middle, max(1, int(layer["seRatio"] * into)), act)]
        parts += conv_norm(named, name + "project.kernel", name + "project.norm", middle, out, 1, 1, 1, "none", epsilon)
        self.layers = nn.Sequential(*parts)
        self.residual = layer["stride"] == 1 and into == out

    def forward(self, x):
        y = self.layers(x)
        return y + x if self.residual else y


def build(named, prefix, specs, channels, epsilon):
    """The layers one after another, and the channels that leave them."""
    modules = []
    for i, layer in enumerate(specs):
        name = "%s%d." % (prefix, i)
        if layer["kind"] == "mbconv":
            modules.append(MBConv(named, name, layer, channels, epsilon))
        elif layer["kind"] == "conv":
            modules += conv_norm(named, name + "kernel", name + "norm", channels, layer["outChannels"], layer["kernelSize"], layer["stride"], 1, layer["activation"], epsilon)
        channels = layer.get("outChannels", channels)
    return nn.Sequential(*modules), channels


class Network(nn.Module):
    def __init__(self, named, a):
        super().__init__()
        trunk = a["stem"] + [layer for block in a["blocks"] for layer in block]
        self.trunk, channels = build(named, "trunk.", trunk, a["input"]["channels"], a["batchNormEpsilon"])
        self.head, channels = build(named, "head.", a["head"], channels, a["batchNormEpsilon"])
        self.classifier = nn.Linear(channels, a["classes"])
        named.update({"classifier.kernel": self.classifier.weight, "classifier.bias": self.classifier.bias})

    def forward(self, x):
        return self.classifier(self.head(self.trunk(x)).mean((2, 3)))


class Model:
    """A model with our weights in a layout; `payload` has `architecture`, or `layers` with `channels` and `epsilon`."""

    def __init__(self, payload, layout):
        self.named = {}
        if "architecture" in payload:
            self.model = Network(self.named, payload["architecture"])
        else:
            self.model, _ = build(self.named, "", payload["layers"], payload["channels"], payload["epsilon"])
        with torch.no_grad():
            for name, t in self.named.items():
                t.copy_(weight_in(name, array(payload["weights"][name]), t.shape))
        self.model.to(memory_format=FORMATS[layout])
        self.x = images(payload["x"], layout)


class Training(Model):
    """Forward, loss (squared error, or cross-entropy where there are labels), backward, SGD."""

    def __init__(self, payload, layout):
        super().__init__(payload, layout)
        self.model.train()
        self.x.requires_grad_(payload["inputGradient"])
        self.labels = torch.tensor(payload["labels"]) if "labels" in payload else None
        self.target = images(payload["target"], layout) if "target" in payload else None
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=payload["learningRate"], momentum=payload["momentum"])

    def run(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.x.grad = None
        y = self.model(self.x)
        loss = F.mse_loss(y, self.target) if self.labels is None else F.cross_entropy(y, self.labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def first(self):
        loss = self.run()
        linear = ("reduce.kernel", "expand.kernel", "classifier.kernel")
        values = {}
        for name, p in self.named.items():
            if p.grad is not None:
                is_linear = name.endswith(linear) and (".se." in name or name.startswith("classifier"))
                values[name] = weight_text(name, p.grad, is_linear)
        if self.x.grad is not None:
            values["x"] = images_text(self.x.grad)
        return {"loss": loss, "values": values}


class Inference(Model):
    def __init__(self, payload, layout):
        super().__init__(payload, layout)
        self.model.eval()

    @torch.inference_mode()
    def run(self):
        return self.model(self.x)

    def first(self):
        return {"loss": 0, "values": {"logits": text(self.run())}}


TASKS = {"training": Training, "inference": Inference}
