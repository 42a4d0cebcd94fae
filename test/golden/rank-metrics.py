"""Writes rank-metrics.json: correlations of short lists, ties included, as SciPy computes them.

Run: /usr/bin/python3 test/golden/rank-metrics.py > test/golden/rank-metrics.json
"""

import json
import random

import scipy
from scipy import stats

random.seed(20261124)
lists = [
    ([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]),
    ([1, 2, 3, 4, 5], [5, 4, 3, 2, 1]),
    ([1, 1, 2, 2, 3], [1, 2, 2, 3, 3]),
    ([0, 0, 0, 1], [2, 1, 2, 2]),
]
for n, values in [(6, 3), (12, 4), (23, 1000), (60, 7), (200, 50)]:
    x = [random.randrange(values) for _ in range(n)]
    lists.append((x, [a + random.randrange(values) for a in x]))
    lists.append((x, [random.randrange(values) for _ in x]))
for n in (5, 40):
    x = [random.gauss(0, 1) for _ in range(n)]
    lists.append((x, [0.5 * a + random.gauss(0, 1) for a in x]))

cases = [
    {
        "x": x,
        "y": y,
        "kendallTauB": stats.kendalltau(x, y).correlation,
        "spearman": stats.spearmanr(x, y).correlation,
        "pearson": stats.pearsonr(x, y)[0],
    }
    for x, y in lists
]
print(json.dumps({"scipy": scipy.__version__, "cases": cases}, indent=1))
