"""Single operations with their gradients, and optimiser updates."""

import torch
import torch.nn.functional as F

from arrays import array, images, images_text, text


class SqueezeExcite:
    """`x`, the two linear layers of the gate, and the gradient that comes in."""

    def __init__(self, payload, layout):
        self.x = images(payload["x"], layout).requires_grad_()
        self.dy = images(payload["dy"], layout)
        w = {name: array(payload[name]) for name in ("w1", "b1", "w2", "b2")}
        self.weights = [w["w1"].t()[:, :, None, None].contiguous(), w["b1"], w["w2"].t()[:, :, None, None].contiguous(), w["b2"]]
        for t in self.weights:
            t.requires_grad_()

    def run(self):
        w1, b1, w2, b2 = self.weights
        pooled = self.x.mean((2, 3), keepdim=True)
        y = self.x * torch.sigmoid(F.conv2d(F.silu(F.conv2d(pooled, w1, b1), inplace=True), w2, b2))
        return torch.autograd.grad(y, [self.x] + self.weights, self.dy)

    def first(self):
        x, w1, b1, w2, b2 = self.run()
        return {"loss": 0, "values": {"x": images_text(x), "w1": text(w1.flatten(1).t()), "b1": text(b1), "w2": text(w2.flatten(1).t()), "b2": text(b2)}}


class Depthwise:
    def __init__(self, payload, layout):
        self.x = images(payload["x"], layout).requires_grad_()
        self.dy = images(payload["dy"], layout)
        self.w = array(payload["w"]).permute(2, 3, 0, 1).contiguous().requires_grad_()
        self.stride = payload["stride"]

    def run(self):
        y = F.conv2d(self.x, self.w, None, self.stride, self.w.shape[2] // 2, 1, self.x.shape[1])
        return torch.autograd.grad(y, [self.x, self.w], self.dy)

    def first(self):
        x, w = self.run()
        return {"loss": 0, "values": {"x": images_text(x), "w": text(w.permute(2, 3, 0, 1))}}


class CrossEntropy:
    def __init__(self, payload, _):
        self.logits = array(payload["logits"]).requires_grad_()
        self.labels = torch.tensor(payload["labels"])

    def run(self):
        return torch.autograd.grad(F.cross_entropy(self.logits, self.labels), self.logits)

    def first(self):
        return {"loss": F.cross_entropy(self.logits, self.labels).item(), "values": {"logits": text(self.run()[0])}}


class Update:
    """One optimiser step over a list of parameters whose gradients stay."""

    def __init__(self, payload, _):
        self.parameters = []
        for w, g in zip(payload["weights"], payload["gradients"]):
            parameter = array(w).requires_grad_()
            parameter.grad = array(g)
            self.parameters.append(parameter)
        lr = payload["learningRate"]
        if payload["rule"] == "adam":
            self.optimizer = torch.optim.Adam(self.parameters, lr=lr)
        else:
            self.optimizer = torch.optim.SGD(self.parameters, lr=lr, momentum=payload["momentum"])

    def run(self):
        self.optimizer.step()

    def first(self):
        self.run()
        return {"loss": 0, "values": {str(i): text(p) for i, p in enumerate(self.parameters)}}


TASKS = {"squeeze-excite": SqueezeExcite, "depthwise": Depthwise, "cross-entropy": CrossEntropy, "update": Update}
