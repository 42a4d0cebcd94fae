/** The Python of every network; what differs stands between double angle brackets. */
export const PYTORCH_MODULES = `"""A network that Blockwise wrote. Needs PyTorch only.

    model = load()                        # weights from the file beside this one
    logits = model(preprocess(pixels))    # pixels: bytes <<shape>>, as image files have them
    print(CLASSES[int(logits[0].argmax())])
"""

import json
import struct
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

# A text of JSON may hold pairs of surrogates where Python has one character.
def _text(value):
    return value.encode("utf-16", "surrogatepass").decode("utf-16")


ARCHITECTURE = json.loads(_text(<<architecture>>))
CLASSES = json.loads(_text(<<classes>>))
MEAN = <<mean>>
STD = <<std>>
WEIGHTS = Path(__file__).with_name(_text(<<weights>>))

EPSILON = ARCHITECTURE["batchNormEpsilon"]
SAME = ARCHITECTURE["padding"] == "same"
ACTIVATIONS = {"none": lambda x: x, "silu": F.silu, "relu": F.relu, "relu6": F.relu6, "hardswish": F.hardswish}


def preprocess(pixels):
    """Bytes [batch, height, width, channels] as what the network takes, [batch, channels, height, width]."""
    x = pixels.to(torch.float32) / 255
    return ((x - torch.tensor(MEAN)) / torch.tensor(STD)).permute(0, 3, 1, 2)


def padded(x, kernel, stride, value=0.0):
    """Pads as TensorFlow ("same") or PyTorch (kernel // 2 on every side) does."""
    if not SAME:
        return F.pad(x, [kernel // 2] * 4, value=value)
    pads = []
    for size in (x.shape[3], x.shape[2]):
        total = max(0, (-(-size // stride) - 1) * stride + kernel - size)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads, value=value)


class ConvNorm(nn.Conv2d):
    def __init__(self, inputs, outputs, kernel, stride=1, activation="none", groups=1):
        super().__init__(inputs, outputs, kernel, stride, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs, eps=EPSILON)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        return self.activation(self.norm(super().forward(padded(x, self.kernel_size[0], self.stride[0]))))


def rounded(channels):
    result = max(8, int(channels + 4) // 8 * 8)
    return result + 8 if result < 0.9 * channels else result


class SqueezeExcite(nn.Module):
    def __init__(self, channels, squeezed, layer):
        super().__init__()
        self.hard = layer.get("seDesign") == "mobilenetv3"
        self.activation = F.relu if self.hard else ACTIVATIONS[layer["activation"]]
        self.reduce = nn.Linear(channels, squeezed)
        self.expand = nn.Linear(squeezed, channels)

    def forward(self, x):
        gate = self.expand(self.activation(self.reduce(x.mean((2, 3)))))
        gate = F.hardsigmoid(gate) if self.hard else torch.sigmoid(gate)
        return x * gate[:, :, None, None]


class MBConv(nn.Module):
    def __init__(self, inputs, layer):
        super().__init__()
        expansion, outputs, activation = layer["expansion"], layer["outChannels"], layer["activation"]
        product = inputs * expansion
        inner = int(product) if float(expansion).is_integer() else rounded(product)
        if expansion != 1:
            self.expand = ConvNorm(inputs, inner, 1, activation=activation)
        self.depthwise = ConvNorm(inner, inner, layer["kernelSize"], layer["stride"], activation, groups=inner)
        if layer["seRatio"] > 0:
            hard = layer.get("seDesign") == "mobilenetv3"
            squeezed = rounded(layer["seRatio"] * inner) if hard else max(1, int(layer["seRatio"] * inputs))
            self.se = SqueezeExcite(inner, squeezed, layer)
        self.project = ConvNorm(inner, outputs, 1)
        self.residual = layer.get("residual", layer["stride"] == 1 and inputs == outputs)

    def forward(self, x):
        y = self.expand(x) if hasattr(self, "expand") else x
        y = self.depthwise(y)
        y = self.se(y) if hasattr(self, "se") else y
        y = self.project(y)
        return x + y if self.residual else y


class Residual(nn.Module):
    def __init__(self, inputs, layer):
        super().__init__()
        inner, outputs, kernel = layer["innerChannels"], layer["outChannels"], layer["kernelSize"]
        stride, activation = layer["stride"], layer["activation"]
        if layer["design"] == "basic":
            self.conv1 = ConvNorm(inputs, inner, kernel, stride, activation)
            self.conv2 = ConvNorm(inner, outputs, kernel)
        else:
            self.conv1 = ConvNorm(inputs, inner, 1, activation=activation)
            self.conv2 = ConvNorm(inner, inner, kernel, stride, activation)
            self.conv3 = ConvNorm(inner, outputs, 1)
        if stride != 1 or inputs != outputs:
            self.shortcut = ConvNorm(inputs, outputs, 1, stride)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x):
        y = self.conv2(self.conv1(x))
        y = self.conv3(y) if hasattr(self, "conv3") else y
        return self.activation(y + (self.shortcut(x) if hasattr(self, "shortcut") else x))


class MaxPool(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.kernel, self.stride = layer["kernelSize"], layer["stride"]

    def forward(self, x):
        return F.max_pool2d(padded(x, self.kernel, self.stride, float("-inf")), self.kernel, self.stride)


def build(layer, inputs):
    """A layer, and the channels that leave it."""
    kind = layer["kind"]
    if kind == "identity":
        return nn.Identity(), inputs
    if kind == "maxpool":
        return MaxPool(layer), inputs
    outputs = layer["outChannels"]
    if kind == "conv":
        return ConvNorm(inputs, outputs, layer["kernelSize"], layer["stride"], layer["activation"]), outputs
    return {"mbconv": MBConv, "residual": Residual}[kind](inputs, layer), outputs


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        channels = ARCHITECTURE["input"]["channels"]
        groups = {"trunk": ARCHITECTURE["stem"] + sum(ARCHITECTURE["blocks"], []), "head": ARCHITECTURE["head"]}
        for name, layers in groups.items():
            modules = []
            for layer in layers:
                module, channels = build(layer, channels)
                modules.append(module)
            setattr(self, name, nn.Sequential(*modules))
        hidden = ARCHITECTURE.get("hidden")
        if hidden:
            self.hidden = nn.Linear(channels, hidden["features"])
            self.hidden_activation = ACTIVATIONS[hidden["activation"]]
            channels = hidden["features"]
        self.classifier = nn.Linear(channels, ARCHITECTURE["classes"])

    def forward(self, x):
        y = self.head(self.trunk(x)).mean((2, 3))
        if hasattr(self, "hidden"):
            y = self.hidden_activation(self.hidden(y))
        return self.classifier(y)


def read_weights(path):
    """The tensors of a safetensors file."""
    data = Path(path).read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)
    start = 8 + length
    tensors = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        values = torch.frombuffer(bytearray(data[start + first : start + last]), dtype=torch.float32)
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def load(path=WEIGHTS):
    """The network with its weights, ready to answer."""
    model = Network()
    missing, unexpected = model.load_state_dict(read_weights(path), strict=False)
    missing = [name for name in missing if not name.endswith("num_batches_tracked")]
    if missing or unexpected:
        raise ValueError(f"{path} has other tensors: missing {missing}, unexpected {unexpected}")
    return model.eval()


if __name__ == "__main__":
    size = ARCHITECTURE["input"]
    with torch.no_grad():
        answer = load()(torch.zeros(1, size["channels"], size["height"], size["width"]))
    print(f"{ARCHITECTURE['name']}: {tuple(answer.shape)} logits, {len(CLASSES)} classes")
`;
