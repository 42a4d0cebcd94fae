"""Writes contrastive.json: contrastive losses with their gradients, as PyTorch computes them in float64.

Run: /usr/bin/python3 test/golden/contrastive.py > test/golden/contrastive.json
"""

import json

import torch
import torch.nn.functional as F

torch.manual_seed(20261129)


def infonce(own, others):
    return F.cross_entropy(torch.cat([own, others], 1), torch.zeros(len(own), dtype=torch.long))


def pirl(own, others):
    """Equations 3 to 5 of PIRL, written as they stand."""
    total = torch.exp(others).sum(1, keepdim=True)
    of_own = torch.exp(own) / (torch.exp(own) + total)
    of_others = torch.exp(others) / (torch.exp(others) + total)
    return (-torch.log(of_own).squeeze(1) - torch.log(1 - of_others).sum(1)).mean()


cases = []
for batch, features, negatives, temperature in [(1, 2, 1, 1.0), (4, 8, 6, 0.2), (6, 16, 20, 0.07)]:
    view = torch.randn(batch, features, dtype=torch.float64, requires_grad=True)
    own = torch.randn(batch, features, dtype=torch.float64)
    others = torch.randn(negatives, features, dtype=torch.float64)
    for form in (infonce, pirl):
        similar = F.cosine_similarity(view, own)[:, None] / temperature
        other = F.normalize(view) @ F.normalize(others).T / temperature
        loss = form(similar, other)
        (gradient,) = torch.autograd.grad(loss, view)
        cases.append(
            {
                "form": form.__name__,
                "temperature": temperature,
                "view": view.tolist(),
                "own": own.tolist(),
                "others": others.tolist(),
                "loss": loss.item(),
                "gradient": gradient.tolist(),
            }
        )
print(json.dumps({"torch": torch.__version__, "cases": cases}))
