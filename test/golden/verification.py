"""LFW's protocol by numpy, thresholds tried one by one; reads {similarities, same, folds, far} as JSON, writes the numbers.

The best threshold on the other folds, of equally good ones the highest, as the released codes' smallest distance.
"""

import json
import sys

import numpy

asked = json.load(sys.stdin)
s, same, fold = (numpy.array(asked[name]) for name in ("similarities", "same", "fold"))
accuracies, thresholds = [], []
for one in numpy.unique(fold):
    other = fold != one
    distinct = numpy.unique(s[other])[::-1]
    tried = numpy.concatenate([[distinct[0] + 1], (distinct[:-1] + distinct[1:]) / 2, [distinct[-1] - 1]])
    right = ((s[other][None, :] >= tried[:, None]) == same[other][None, :]).mean(1)
    best = tried[numpy.argmax(right)]
    thresholds.append(best)
    accuracies.append(((s[~other] >= best) == same[~other]).mean())
distinct = numpy.unique(s)[::-1]
genuine, impostor = s[same], s[~same]
tar = {}
for far in asked["far"]:
    passing = [t for t in distinct if (impostor >= t).mean() <= far]
    tar[str(far)] = max([(genuine >= t).mean() for t in passing], default=0.0)
order = genuine[:, None] - impostor[None, :]
json.dump(
    {
        "accuracy": float(numpy.mean(accuracies)),
        "deviation": float(numpy.std(accuracies, ddof=1)),
        "accuracies": [float(a) for a in accuracies],
        "thresholds": [float(t) for t in thresholds],
        "tar": {far: float(value) for far, value in tar.items()},
        "area": float(((order > 0) + 0.5 * (order == 0)).mean()),
    },
    sys.stdout,
)
