"""PyTorch's side of the benchmarks: a child that sets up a task, and runs it on request; JSON lines over stdio.

Requests, one answer each:
  {"do": "versions"}
  {"do": "set up", "task": name, "payload": {...}, "layouts": ["nhwc", "nchw"], "threads": n}
  {"do": "first"}: what the first run of a fresh task gives, to be compared with ours
  {"do": "run", "layout": ..., "arguments": {...}}: what one run gives
  {"do": "time", "layout": ..., "steps": n, "budget_ms": b, "clock": "wall" or "cpu"}: times of at most n runs, of at least two, within the budget
Float32 arrays travel as {"shape": [...], "data": base64}.
"""

import ctypes
import json
import sys
import time

import torch

import dna
import layers
import ops

TASKS = {**dna.TASKS, **layers.TASKS, **ops.TASKS}


def blas():
    """Which product of matrices torch calls: OpenBLAS says the processor that its kernels are for."""
    with open("/proc/self/maps") as maps:
        paths = {line.split()[-1] for line in maps if "blas" in line.split()[-1].rsplit("/", 1)[-1]}
    for path in sorted(paths):
        core = getattr(ctypes.CDLL(path), "openblas_get_corename", None)
        if core is not None:
            core.restype = ctypes.c_char_p
            return "OpenBLAS " + core().decode()
    return "MKL" if torch.backends.mkl.is_available() else "reference"


def timed(task, steps, budget_ms, clock):
    now = time.process_time if clock == "cpu" else time.perf_counter
    times = []
    for _ in range(steps):
        start = now()
        task.run()
        times.append((now() - start) * 1e3)
        if len(times) > 1 and sum(times) > budget_ms:
            break
    return times


def main():
    tasks, request_of_task = {}, None
    for line in sys.stdin:
        request = json.loads(line)
        do = request["do"]
        if do == "versions":
            answer = {"torch": torch.__version__, "python": sys.version.split()[0], "blas": blas()}
        elif do == "set up":
            torch.set_num_threads(request["threads"])
            request_of_task = request
            make = TASKS[request["task"]]
            tasks = {}  # frees the former ones first
            tasks = {layout: make(request["payload"], layout) for layout in request["layouts"]}
            answer = {}
        elif do == "first":
            task = TASKS[request_of_task["task"]](request_of_task["payload"], request_of_task["layouts"][0])
            answer = task.first()
        elif do == "run":
            answer = tasks[request["layout"]].run(**request["arguments"])
        elif do == "time":
            answer = {"ms": timed(tasks[request["layout"]], request["steps"], request["budget_ms"], request["clock"])}
        else:
            answer = {"error": "unknown request: " + str(do)}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
