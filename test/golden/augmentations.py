"""What torchvision makes of one picture: `augmentations.py FOLDER < request.json > answer.json`.

The request has the picture `[height, width, channels]` as a list of bytes, and operations [name, argument]; the answer their
pictures, in the same order, and the crop and erase boxes of so many draws.
"""
import json
import sys

import torch
import torchvision.transforms as T
import torchvision.transforms.functional as F
from torchvision.transforms.autoaugment import _apply_op

request = json.load(sys.stdin)
height, width, channels = request["shape"]
image = torch.tensor(request["image"], dtype=torch.uint8).reshape(height, width, channels).permute(2, 0, 1).contiguous()
size = T.RandAugment()._augmentation_space(31, (height, width))

NAMES = {"colour": "Color"}


def done(name, argument):
    if name == "hue":
        return F.adjust_hue(image, argument)
    if name == "crop":
        top, left, h, w = argument
        return F.resized_crop(image, top, left, h, w, [height, width])
    operation = NAMES.get(name, name[0].upper() + name[1:])
    magnitudes, signed = size[operation]
    magnitude = float(magnitudes[abs(argument)]) if magnitudes.ndim > 0 else 0.0
    if signed and argument < 0:
        magnitude = -magnitude
    return _apply_op(image, operation, magnitude, T.InterpolationMode.NEAREST, None)


torch.manual_seed(1)
crops = [T.RandomResizedCrop.get_params(image, (0.08, 1.0), (3 / 4, 4 / 3)) for _ in range(request["draws"])]
floats = image.float()
erased = [T.RandomErasing.get_params(floats, (0.02, 0.33), (0.3, 3.3), [0.0])[:4] for _ in range(request["draws"])]
answer = {
    "images": [done(*operation).permute(1, 2, 0).flatten().tolist() for operation in request["operations"]],
    "crops": crops,
    "erased": erased,
}

logits = torch.tensor(request["logits"])
labels = torch.tensor(request["labels"])
weights = torch.tensor(request["weights"])
loss = torch.nn.functional.cross_entropy
answer["losses"] = [float(loss(logits, labels, weight=weights, label_smoothing=s)) for s in request["smoothing"]]
json.dump(answer, sys.stdout)
