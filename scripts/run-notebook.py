#!/usr/bin/env python3
"""Execute a notebook through Jupyter with its kernel; write the executed notebook and a self-contained HTML page.

usage: run-notebook.py NOTEBOOK [--output FILE.ipynb] [--html FILE.html] [--timeout SECONDS] [--kernel NAME] [--cwd DIR]

Progress goes to stderr. Exit status: 0 done, 1 a cell failed, 2 wrong use or no Jupyter, 3 out of time.
The environment is passed on to the kernel.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

try:
    import nbclient
    import nbformat
except ImportError:
    # The first python3 on the PATH need not be the one that has Jupyter.
    for python in ("/usr/bin/python3", os.path.join(os.environ.get("CONDA_PREFIX", "/opt/conda"), "bin", "python3")):
        tried = os.environ.get("BLOCKWISE_PYTHON_TRIED", "").split(os.pathsep)
        if not os.path.exists(python) or python in tried:
            continue
        found = subprocess.run([python, "-c", "import nbclient, nbformat, nbconvert"], stderr=subprocess.DEVNULL)
        if found.returncode == 0:
            os.environ["BLOCKWISE_PYTHON_TRIED"] = os.pathsep.join([*tried, python])
            os.execv(python, [python, *sys.argv])
    sys.stderr.write("run-notebook: no python3 with nbclient, nbformat and nbconvert found; run npm run setup\n")
    sys.exit(2)

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: E402

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """Says which cell runs and since when; the cell's progress replaces itself where the output is a terminal."""

    def __init__(self, stream):
        self.stream = stream
        self.in_place = stream.isatty()
        self.last = ""
        self.last_time = 0.0
        self.open = False

    def line(self, text):
        self.end_progress()
        self.stream.write(text + "\n")
        self.stream.flush()

    def progress(self, text):
        text = ANSI.sub("", text).strip().split("\n")[-1][:110]
        now = time.monotonic()
        pause = 0.1 if self.in_place else 10.0
        if not text or text == self.last or now - self.last_time < pause:
            return
        self.last, self.last_time = text, now
        if self.in_place:
            self.stream.write("\r\x1b[K    " + text)
            self.open = True
        else:
            self.stream.write("    " + text + "\n")
        self.stream.flush()

    def end_progress(self):
        if self.open:
            self.stream.write("\r\x1b[K")
            self.open = False
        self.last_time = 0.0


class Runner(nbclient.NotebookClient):
    """Runs the cells in order within one time limit for all."""

    def __init__(self, notebook, terminal, limit, **kwargs):
        super().__init__(notebook, **kwargs)
        self.terminal = terminal
        self.limit = limit
        self.started = time.monotonic()

    def left(self, _cell=None):
        return max(1, int(self.limit - (time.monotonic() - self.started)))

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] in ("display_data", "update_display_data"):
            text = msg["content"]["data"].get("text/plain", "")
            if len(text) < 400:
                self.terminal.progress(text)
        elif msg["msg_type"] == "stream":
            self.terminal.progress(msg["content"]["text"])
        return super().process_message(msg, cell, cell_index)

    def run(self):
        self.reset_execution_trackers()
        code = [i for i, cell in enumerate(self.nb.cells) if cell.cell_type == "code" and cell.source.strip()]
        with self.setup_kernel():
            info = self.wait_for_reply(self.kc.kernel_info())
            self.nb.metadata["language_info"] = info["content"]["language_info"]
            for number, index in enumerate(code, 1):
                cell = self.nb.cells[index]
                words = [line for line in cell.source.split("\n") if line.strip() and not line.startswith("//")]
                self.terminal.line("[%d/%d] %s" % (number, len(code), (words or [""])[0].strip()[:90]))
                start = time.monotonic()
                self.execute_cell(cell, index, execution_count=number)
                self.terminal.line("    %.1f s" % (time.monotonic() - start))


def strip_volatile(notebook):
    """Removes what changes from run to run without meaning: times, page state, how printed text was cut."""
    for cell in notebook.cells:
        for key in ("execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if "outputs" in cell:
            cell.outputs = joined_streams(cell.outputs)
    notebook.metadata.pop("widgets", None)
    notebook.metadata.pop("signature", None)


def joined_streams(outputs):
    joined = []
    for output in outputs:
        output.pop("transient", None)
        before = joined[-1] if joined else None
        if before and output.output_type == "stream" == before.output_type and output.name == before.name:
            before.text += output.text
        else:
            joined.append(output)
    return joined


def write_atomically(path, text):
    folder = os.path.dirname(os.path.abspath(path))
    os.makedirs(folder, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".run-notebook-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def to_html(notebook, title):
    """One page that needs nothing from the network: figures bring their own script, so the template's are left out."""
    from nbconvert import HTMLExporter

    exporter = HTMLExporter()
    page, _ = exporter.from_notebook_node(notebook, resources={"metadata": {"name": title}})
    page = re.sub(r'<script[^>]*\bsrc="(?:https?|file)://[^"]*"[^>]*>\s*</script>', "", page)
    page = re.sub(r'<link[^>]*\bhref="(?:https?|file)://[^"]*"[^>]*/?>', "", page)
    return page


def save(notebook, path):
    strip_volatile(notebook)
    write_atomically(path, nbformat.writes(notebook, version=4) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook")
    parser.add_argument("--output", help="executed notebook; the notebook itself unless given")
    parser.add_argument("--html", help="self-contained page to write")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds for all cells together")
    parser.add_argument("--kernel", default="blockwise")
    parser.add_argument("--cwd", help="folder the kernel starts in; that of the notebook unless given")
    arguments = parser.parse_args()

    output = arguments.output or arguments.notebook
    terminal = Terminal(sys.stderr)
    try:
        notebook = nbformat.read(arguments.notebook, as_version=4)
    except Exception as error:
        sys.stderr.write("run-notebook: %s: cannot be read as a notebook: %s\n" % (arguments.notebook, error))
        return 2

    runner = Runner(
        notebook,
        terminal,
        arguments.timeout,
        kernel_name=arguments.kernel,
        record_timing=False,
        startup_timeout=120,
        resources={"metadata": {"path": arguments.cwd or os.path.dirname(os.path.abspath(arguments.notebook))}},
    )
    runner.timeout_func = runner.left
    started = time.monotonic()
    try:
        runner.run()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        terminal.end_progress()
        failed = re.sub(r"\.ipynb$", "", output) + ".failed.ipynb"
        save(notebook, failed)
        sys.stderr.write("run-notebook: %s\n" % str(error).strip())
        sys.stderr.write("run-notebook: what was executed so far is in %s\n" % failed)
        return 3 if isinstance(error, CellTimeoutError) else 1
    except Exception as error:
        terminal.end_progress()
        sys.stderr.write("run-notebook: %s: %s\n" % (type(error).__name__, error))
        return 2

    save(notebook, output)
    terminal.line("notebook: %s" % output)
    if arguments.html:
        title = os.path.splitext(os.path.basename(output))[0]
        write_atomically(arguments.html, to_html(notebook, title))
        terminal.line("page: %s" % arguments.html)
    terminal.line("all cells: %.1f s" % (time.monotonic() - started))
    return 0


if __name__ == "__main__":
    sys.exit(main())
