"""Arrays between TensorFlow's axis order, as they travel, and PyTorch's."""

import base64

import numpy
import torch

FORMATS = {"nhwc": torch.channels_last, "nchw": torch.contiguous_format}


def array(stored):
    flat = numpy.frombuffer(base64.b64decode(stored["data"]), dtype="<f4")
    return torch.from_numpy(flat.reshape(stored["shape"]).copy())


def text(tensor):
    return base64.b64encode(tensor.detach().contiguous().numpy().tobytes()).decode()


def images(stored, layout):
    """`[batch, height, width, channels]` to a tensor `[batch, channels, height, width]` in the layout."""
    return array(stored).permute(0, 3, 1, 2).contiguous(memory_format=FORMATS[layout])


def images_text(tensor):
    return text(tensor.permute(0, 2, 3, 1))


def weight_in(name, t, shape):
    """A weight by its name in `src/nn` to the shape of PyTorch's parameter."""
    if t.dim() == 4:
        return t.permute(2, 3, 0, 1) if name.endswith("depthwise.kernel") else t.permute(3, 2, 0, 1)
    if t.dim() == 2:
        return t.t().reshape(shape)
    return t


def weight_text(name, t, is_linear):
    """The inverse of `weight_in`."""
    if is_linear:
        return text(t.flatten(1).t())
    if t.dim() == 4:
        return text(t.permute(2, 3, 0, 1) if name.endswith("depthwise.kernel") else t.permute(2, 3, 1, 0))
    return text(t)
