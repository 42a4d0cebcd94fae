"""Writes pytorch.json: values and gradients of each fused op by PyTorch in float64.

    /usr/bin/python3 test/golden/fused/generate.py

Tensors are in TensorFlow's order of axes; gradients are those of sum(output * pull).
"""

import json
import pathlib

import torch
import torch.nn.functional as F

from ops import ACTIVATIONS, gate, mbconv, norm

torch.manual_seed(20261124)
torch.set_default_dtype(torch.float64)

def draw(*shape, scale=0.5, centre=0.0):
    """Random values that float32 and seven digits hold exactly enough."""
    return torch.tensor([float("%.6g" % v) for v in (torch.randn(*shape) * scale + centre).flatten().tolist()]).reshape(shape)


def plain(t):
    return {"shape": list(t.shape), "data": [float("%.9g" % v) for v in t.detach().flatten().tolist()]}


def case(name, options, inputs, f):
    """Inputs, outputs and the gradients that flow from the first output."""
    leaves = {k: (v.clone().requires_grad_(True) if v.is_floating_point() else v) for k, v in inputs.items()}
    outputs = f(**leaves)
    first = next(iter(outputs.values()))
    pull = draw(*first.shape) if first.dim() else torch.tensor(1.0)
    (first * pull).sum().backward()
    return {
        "name": name,
        "options": options,
        "pull": plain(pull),
        "inputs": {k: plain(v) for k, v in inputs.items()},
        "outputs": {k: plain(v) for k, v in outputs.items()},
        "gradients": {k: plain(v.grad) for k, v in leaves.items() if v.is_floating_point()},
    }


def mbconv_case(name, batch, size, channels, out, expansion, kernel, stride, act, reduced, residual):
    middle, epsilon = channels * expansion, 1e-3
    inputs = {"x": draw(batch, *size, channels, scale=1)}
    if expansion > 1:
        inputs.update(w1=draw(1, 1, channels, middle), gamma1=draw(middle, centre=1), beta1=draw(middle))
    inputs.update(wd=draw(kernel, kernel, middle, 1), gamma2=draw(middle, centre=1), beta2=draw(middle))
    if reduced:
        inputs.update(se1=draw(middle, reduced), b1=draw(reduced), se2=draw(reduced, middle), b2=draw(middle))
    inputs.update(w2=draw(1, 1, middle, out), gamma3=draw(out, centre=1), beta3=draw(out))
    options = {"stride": stride, "padding": kernel // 2, "epsilon": epsilon, "activation": act, "residual": residual}
    return case(name, options, inputs, lambda **t: mbconv(t, **options))


def norm_case(act):
    def run(x, gamma, beta):
        y, mean, variance = norm(x, gamma, beta, 1e-3)
        return {"y": ACTIVATIONS[act](y), "mean": mean, "variance": variance}

    inputs = {"x": draw(3, 4, 2, 10, scale=2, centre=1), "gamma": draw(10, centre=1), "beta": draw(10)}
    return case("batchNormTraining", {"epsilon": 1e-3, "activation": act}, inputs, run)


def optimizer_case(name, options, make, state):
    """Three steps with one gradient each; `state` maps our names of the state to PyTorch's."""
    w = draw(7, 3)
    grads = [draw(7, 3) for _ in range(3)]
    p = torch.nn.Parameter(w.clone())
    optimizer = make([p])
    for g in grads:
        p.grad = g.clone()
        optimizer.step()
    outputs = {"w": p, **{ours: optimizer.state[p][theirs] for ours, theirs in state.items()}}
    return {
        "name": name,
        "options": options,
        "inputs": {"w": plain(w), **{"grad%d" % i: plain(g) for i, g in enumerate(grads)}},
        "outputs": {k: plain(v) for k, v in outputs.items()},
    }


def main():
    labels = torch.tensor([2, 0, 4, 1], dtype=torch.int32)
    se = {"x": draw(2, 3, 4, 9, scale=1), "w1": draw(9, 3), "b1": draw(3), "w2": draw(3, 9), "b2": draw(9)}
    cases = [
        mbconv_case("mbconvTraining", 3, (5, 4), 4, 4, 3, 3, 1, "silu", 2, True),
        mbconv_case("mbconvTraining", 3, (6, 5), 4, 6, 2, 5, 2, "silu", 0, False),
        mbconv_case("mbconvTraining", 3, (5, 5), 9, 4, 1, 7, 1, "relu", 0, False),
        norm_case("silu"),
        norm_case("none"),
        norm_case("relu6"),
        case("squeezeExcite", {"activation": "silu"}, se, lambda x, w1, b1, w2, b2: {"y": gate(x, w1, b1, w2, b2, F.silu)}),
        *[
            case("softmaxCrossEntropy", {"smoothing": s}, {"logits": draw(4, 5, scale=2), "labels": labels},
                 lambda logits, labels: {"loss": F.cross_entropy(logits, labels.long(), label_smoothing=s)})
            for s in (0.0, 0.1)
        ],
        case("meanSquaredError", {}, {"y": draw(3, 5), "target": draw(3, 5)}, lambda y, target: {"loss": F.mse_loss(y, target)}),
        optimizer_case("sgd", {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0.01, "nesterov": False},
                       lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.01), {"velocity": "momentum_buffer"}),
        optimizer_case("sgd", {"learningRate": 0.1, "momentum": 0.9, "weightDecay": 0, "nesterov": True},
                       lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, nesterov=True), {"velocity": "momentum_buffer"}),
        optimizer_case("adam", {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.05, "decoupled": False},
                       lambda p: torch.optim.Adam(p, 0.1, weight_decay=0.05), {"m": "exp_avg", "v": "exp_avg_sq"}),
        optimizer_case("adam", {"learningRate": 0.1, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.05, "decoupled": True},
                       lambda p: torch.optim.AdamW(p, 0.1, weight_decay=0.05), {"m": "exp_avg", "v": "exp_avg_sq"}),
    ]
    path = pathlib.Path(__file__).with_name("pytorch.json")
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    path.write_text('{"torch":"%s","cases":[\n%s\n]}\n' % (torch.__version__, lines))


main()
