#!/usr/bin/env python3
"""The part of `blockwise notebook run` that is Jupyter: executes a notebook's cells through nbclient.

It is started by the command, not by people. stdin: one line of JSON, the job, then lines "interrupt"; the end of stdin
means that nobody waits any more. stdout: one JSON object a line, see src/notebook/execute-notebook.ts.
"""
import asyncio
import json
import os
import re
import sys
import time

import nbclient
import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ANSI = re.compile(r"\x1b\[[0-9;]*m")
# Seconds a cell has to end after an interrupt before the kernel is ended.
PATIENCE = 15
# Seconds between two words on what a cell shows.
PAUSE = 0.1
# Longer texts are tables or figures, no progress.
LONGEST = 400

# What the kernel's process prints past its own capture must not get between our lines.
EVENTS = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)


def say(event, **facts):
    EVENTS.write(json.dumps({"event": event, **facts}) + "\n")
    EVENTS.flush()


class Runner(nbclient.NotebookClient):
    """Runs the cells in order, within one time limit for each and one for all; tells what happens."""

    def __init__(self, notebook, job):
        super().__init__(
            notebook,
            kernel_name=job["kernel"],
            record_timing=False,
            startup_timeout=120,
            # A large figure on a loaded machine comes late.
            iopub_timeout=60,
            resources={"metadata": {"path": job["cwd"]}},
        )
        self.job = job
        self.timeout_func = self.limit
        self.started = time.monotonic()
        self.told = 0.0
        self.asking = False
        self.interrupted = False

    def limit(self, _cell=None):
        limits = [] if self.job["cellTimeout"] is None else [self.job["cellTimeout"]]
        if self.job["timeout"] is not None:
            limits.append(self.job["timeout"] - (time.monotonic() - self.started))
        # nbclient wants whole seconds, and takes 0 for no limit.
        return max(1, int(min(limits))) if limits else None

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        if msg["msg_type"] in ("display_data", "update_display_data"):
            self.progress(content["data"].get("text/plain", ""))
        elif msg["msg_type"] == "stream":
            self.progress(content["text"])
        return super().process_message(msg, cell, cell_index)

    def progress(self, text):
        if self.asking:
            return
        now = time.monotonic()
        text = ANSI.sub("", "".join(text)).strip()
        if 0 < len(text) < LONGEST and now - self.told >= PAUSE:
            self.told = now
            say("progress", text=text.split("\n")[-1])

    async def interrupt(self):
        """By message, as the kernelspec says; a kernel that does not listen is ended."""
        self.interrupted = True
        await self.km.interrupt_kernel()
        await asyncio.sleep(PATIENCE)
        await self.km.shutdown_kernel(now=True)

    async def run(self):
        code = [i for i, cell in enumerate(self.nb.cells) if cell.cell_type == "code" and cell.source.strip()]
        self.reset_execution_trackers()
        async with self.async_setup_kernel():
            info = await self.async_wait_for_reply(self.kc.kernel_info())
            say("ready", languageInfo=info["content"]["language_info"], cells=code)
            for number, index in enumerate(code, 1):
                cell = self.nb.cells[index]
                say("cell", index=index)
                start = time.monotonic()
                try:
                    await self.async_execute_cell(cell, index, execution_count=number)
                finally:
                    say("executed", seconds=time.monotonic() - start, **self.written(index))
                if self.interrupted:
                    raise KeyboardInterrupt
            for name, source in self.job["questions"].items():
                say("answer", name=name, text=await self.ask(source))

    def written(self, index):
        cell = self.nb.cells[index]
        return {"index": index, "count": cell.get("execution_count"), "outputs": cell.outputs}

    def end(self, status, message=""):
        # All once more: a cell may have changed what an earlier one shows.
        code = [index for index, cell in enumerate(self.nb.cells) if cell.get("execution_count")]
        say("end", status=status, message=message, cells=[self.written(index) for index in code])

    async def ask(self, source):
        """What a cell prints that is none of the notebook's; None when it fails."""
        cell = nbformat.v4.new_code_cell(source)
        self.asking = True
        self.timeout_func = lambda _cell=None: 60
        try:
            await self.async_execute_cell(cell, len(self.nb.cells), store_history=False)
        except (CellExecutionError, CellTimeoutError, IndexError):
            pass
        if any(output.output_type == "error" for output in cell.outputs):
            return None
        return "".join(output.text for output in cell.outputs if output.get("name") == "stdout")


async def listen(reader, runner):
    while True:
        line = await reader.readline()
        if not line:
            return
        if line.strip() == b"interrupt" and not runner.interrupted:
            asyncio.ensure_future(runner.interrupt())


async def execute():
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=2**30)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    job = json.loads(await reader.readline())
    notebook = nbformat.reads(json.dumps(job["notebook"]), as_version=4)
    runner = Runner(notebook, job)
    listening = asyncio.ensure_future(listen(reader, runner))
    running = asyncio.ensure_future(runner.run())
    await asyncio.wait([listening, running], return_when=asyncio.FIRST_COMPLETED)
    if not running.done():
        # Nobody waits for the result: leave no kernel behind.
        await runner.km.shutdown_kernel(now=True)
        running.cancel()
        return
    listening.cancel()
    try:
        running.result()
        runner.end("ok")
    except CellTimeoutError as error:
        runner.end("timeout", str(error).split("\n")[0])
    except BaseException as error:
        if runner.interrupted:
            runner.end("interrupted")
        elif isinstance(error, CellExecutionError):
            runner.end("error")
        elif isinstance(error, DeadKernelError):
            runner.end("dead", "the kernel's process ended")
        else:
            runner.end("broken", "%s: %s" % (type(error).__name__, error))


if __name__ == "__main__":
    asyncio.run(execute())
