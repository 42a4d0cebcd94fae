"""DNA's search in plain PyTorch, as the released code does it (Li et al., CVPR 2020), and with cached features and shared rating.

Block after block, cell after cell. "released": every step runs the teacher up to the block's end for input and target, and
every candidate is calibrated and rated alone. "cached": the teacher's features of all images are computed once, and rating
walks the tree of paths, each node computed once. Same space, images, steps, optimiser and rating in both.
"""

import math
import random
import time

import torch
import torch.nn.functional as F
from torch import nn

from arrays import FORMATS, array, images, weight_in
from layers import Network, build


class Cell(nn.Module):
    """All candidate operations of a cell, `layers[layer][op]`; in the first block behind the student's own stem."""

    def __init__(self, spec, epsilon):
        super().__init__()
        channels = spec["channels"]
        self.stem, channels = build({}, "", spec["stem"], channels, epsilon)
        layers = []
        for ops in spec["layers"]:
            modules = [build({}, "", [op], channels, epsilon) for op in ops]
            channels = modules[0][1]
            layers.append(nn.ModuleList([module for module, _ in modules]))
        self.layers = nn.ModuleList(layers)

    def forward(self, x, path):
        x = self.stem(x)
        for ops, op in zip(self.layers, path):
            x = ops[op](x)
        return x


def initialise(module, by):
    """Convolutions by "fan-out" as in the released code (EfficientNet's): normal, variance 2 / fan out; by "fan-in" as
    PyTorch has drawn them: uniform, within 1 / sqrt(fan in)."""
    for m in module.modules():
        if isinstance(m, nn.Conv2d):
            if by == "fan-out":
                fan_out = m.kernel_size[0] * m.kernel_size[1] * m.out_channels // m.groups
                nn.init.normal_(m.weight, 0, math.sqrt(2 / fan_out))
            if m.bias is not None:
                nn.init.zeros_(m.bias)


def adam_groups(module, decay):
    """Weight decay on kernels alone."""
    params = list(module.parameters())
    return [
        {"params": [p for p in params if p.dim() > 1], "weight_decay": decay},
        {"params": [p for p in params if p.dim() <= 1], "weight_decay": 0},
    ]


def recalibrate(module):
    """Batch norms take over the statistics of the next batch."""
    for m in module.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.momentum = 1.0
    module.train()


class Search:
    def __init__(self, payload, layout):
        self.o = payload["options"]
        self.spaces = payload["cells"]  # [block][cell]
        self.cuts = payload["cuts"]  # modules of the trunk's Sequential that end each block are found by layer
        named = {}
        self.teacher = Network(named, payload["teacher"])
        with torch.no_grad():
            for name, t in named.items():
                t.copy_(weight_in(name, array(payload["weights"][name]), t.shape))
        self.teacher.to(memory_format=FORMATS[layout]).eval()
        self.layout = layout
        self.epsilon = payload["epsilon"]
        self.train_images = images(payload["train"], layout)
        self.rating_images = images(payload["rating"], layout)
        self.parts = self.divide(payload["teacher"])

    def divide(self, a):
        """The teacher's trunk as one module a block: `build` makes several modules of a convolution."""
        trunk = a["stem"] + [layer for block in a["blocks"] for layer in block]
        counts = [1 if layer["kind"] == "mbconv" else 2 + (layer["activation"] != "none") for layer in trunk]
        ends = [sum(counts[: cut + 1]) for cut in self.cuts]
        modules = list(self.teacher.trunk)
        return [nn.Sequential(*modules[start:end]) for start, end in zip([0] + ends[:-1], ends)]

    @torch.no_grad()
    def boundary(self, x, index):
        """The teacher's feature map after so many blocks; 0 is the image."""
        for part in self.parts[:index]:
            x = part(x)
        return x

    @torch.no_grad()
    def store(self, x):
        """Features at all boundaries, in batches of 250."""
        maps = [[] for _ in range(len(self.parts) + 1)]
        for batch in x.split(250):
            for i in range(len(self.parts) + 1):
                if i > 0:
                    batch = self.parts[i - 1](batch)
                maps[i].append(batch)
        return [torch.cat(m).contiguous(memory_format=FORMATS[self.layout]) for m in maps]

    def run(self, mode):
        torch.manual_seed(1)
        draws = random.Random(1)
        times = {"features": 0.0, "distill": 0.0, "rate": 0.0}
        start = time.perf_counter()
        cached = mode == "cached"
        train = self.store(self.train_images) if cached else None
        rating = self.store(self.rating_images) if cached else None
        times["features"] = time.perf_counter() - start
        losses, best, candidates = [], [], 0
        for block, cells in enumerate(self.spaces):
            block_losses, scores = [], []
            for spec in cells:
                cell = Cell(spec, self.epsilon)
                initialise(cell, self.o["initialWeights"])
                cell = cell.to(memory_format=FORMATS[self.layout])
                start = time.perf_counter()
                block_losses.append(self.distill(cell, block, train, draws))
                times["distill"] += time.perf_counter() - start
                start = time.perf_counter()
                scores += self.rate(cell, block, train, rating)
                times["rate"] += time.perf_counter() - start
            losses.append(sum(block_losses) / len(block_losses))
            best.append(min(scores))
            candidates += len(scores)
        return {"seconds": times, "losses": losses, "best": best, "candidates": candidates}

    def distill(self, cell, block, train, draws):
        """Mean loss of the last epoch."""
        o = self.o
        cell.train()
        optimizer = torch.optim.Adam(adam_groups(cell, o["weightDecay"]), lr=o["learningRate"])
        steps = len(self.train_images) // o["batchSize"]
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps * o["epochs"])
        for _ in range(o["epochs"]):
            order = torch.randperm(len(self.train_images))
            total = 0.0
            for i in range(steps):
                at = order[i * o["batchSize"] : (i + 1) * o["batchSize"]]
                if train is None:
                    x = self.boundary(self.train_images[at], block)
                    with torch.no_grad():
                        target = self.parts[block](x)
                else:
                    x, target = train[block][at], train[block + 1][at]
                path = [draws.randrange(len(ops)) for ops in cell.layers]
                optimizer.zero_grad(set_to_none=True)
                loss = F.mse_loss(cell(x, path), target)
                loss.backward()
                optimizer.step()
                schedule.step()
                total += loss.item()
        return total / steps

    @torch.no_grad()
    def rate(self, cell, block, train, rating):
        """Relative L1 of every candidate, in lexicographic order."""
        o = self.o
        count = o["calibrationImages"]
        scores = []
        recalibrate(cell)
        if train is not None:
            xs = rating[block].split(o["ratingBatch"])
            ys = rating[block + 1].split(o["ratingBatch"])
            self.walk(cell, cell_in(cell, train[block][:count], xs), ys, 0, scores)
            return scores
        for path in paths(cell):
            calibration = self.boundary(self.train_images[:count], block)
            cell.train()
            cell(calibration, path)
            cell.eval()
            total = 0.0
            for batch in self.rating_images.split(o["ratingBatch"]):
                x = self.boundary(batch, block)
                y = self.parts[block](x)
                total += relative_l1(cell(x, path), y) * len(batch)
            scores.append(total / len(self.rating_images))
        return scores

    def walk(self, cell, maps, ys, depth, scores):
        calibration, xs = maps
        if depth == len(cell.layers):
            total = sum(relative_l1(x, y) * len(y) for x, y in zip(xs, ys))
            scores.append(total / sum(len(y) for y in ys))
            return
        for op in cell.layers[depth]:
            self.walk(cell, through(op, calibration, xs), ys, depth + 1, scores)


def cell_in(cell, calibration, xs):
    return through(cell.stem, calibration, xs)


def through(module, calibration, xs):
    module.train()
    calibrated = module(calibration)
    module.eval()
    return calibrated, [module(x) for x in xs]


def paths(cell):
    grown = [[]]
    for ops in cell.layers:
        grown = [path + [op] for path in grown for op in range(len(ops))]
    return grown


def relative_l1(x, y):
    return ((x - y).abs().mean() / (y.std(unbiased=False) + 1e-9)).item()


class SearchTask:
    """For the child's "set up", "run": the whole search in a mode."""

    def __init__(self, payload, layout):
        self.search = Search(payload, layout)

    def run(self, mode="released"):
        return self.search.run(mode)


TASKS = {"dna": SearchTask}
