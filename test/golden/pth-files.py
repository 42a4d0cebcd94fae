"""Writes small files of torch.save to test/golden/pth: what they hold is in test/nn/weights-file.test.ts.

usage: pth-files.py <folder>    (Debian's python3-torch)
"""

import os
import pickle
import sys
from collections import OrderedDict

import torch

out = sys.argv[1]
base = torch.arange(12, dtype=torch.float32).reshape(3, 4) / 4 - 1
state = OrderedDict(
    [
        ("conv.weight", base),
        ("conv.turned", base.t()),
        ("conv.row", base[1]),
        ("half", base.half()),
        ("bfloat", base.bfloat16()),
        ("double", base.double()),
        ("scalar", torch.tensor(2.5)),
        ("bn.num_batches_tracked", torch.tensor(7)),
        ("parameter", torch.nn.Parameter(base[:1])),
    ]
)
torch.save(state, f"{out}/state.pth")
torch.save(state, f"{out}/legacy.pth", _use_new_zipfile_serialization=False)
torch.save({"epoch": 3, "loss": 0.25, "args": ["a", (1, -70000, 2**40)], "state_dict": state}, f"{out}/checkpoint.pth")
torch.save(torch.nn.Linear(2, 2), f"{out}/module.pth")


class Harm:
    def __reduce__(self):
        return (os.system, ("touch harmed",))


torch.save({"weight": base, "harm": Harm()}, f"{out}/harm.pth")
torch.save({"weight": base, "harm": Harm()}, f"{out}/harm-legacy.pth", _use_new_zipfile_serialization=False)
torch.save({"epoch": 1}, f"{out}/nothing.pth")
