"""Jupyter's own conformance tests (Debian: python3-jupyter-kernel-test) of the kernel `blockwise`.

Run by jupyter-kernel-test.test.ts, which installs the kernel below JUPYTER_PATH; prints one line of JSON at the end.
"""
import json
import unittest

import jupyter_kernel_test


class BlockwiseKernelTests(jupyter_kernel_test.KernelTests):
    kernel_name = "blockwise"
    language_name = "typescript"
    file_extension = ".ts"

    code_hello_world = "console.log('hello, world');"
    code_stderr = "console.error('oops');"
    completion_samples = [
        {"text": "clearOut", "matches": {"clearOutput"}},
        {"text": "const word: string = ''; word.toUpper", "matches": {"toUpperCase"}},
    ]
    complete_code_samples = ["1", "const a = 1;", "function f(): number { return 2; }", "await null"]
    incomplete_code_samples = ["function f() {", "const a = [1,", "`open", "/* open"]
    invalid_code_samples = ["const = 3", "1 +* 2;"]
    code_page_something = "page('a long text')"
    code_generate_error = "throw new RangeError('as wanted');"
    code_execute_result = [
        {"code": "const six: number = 6; six * 7", "result": "42"},
        {"code": "'text'", "result": "'text'"},
        {"code": "new Shown('bold')", "result": "<b>bold</b>", "mime": "text/html"},
    ]
    code_display_data = [{"code": "await work(0);", "mime": "text/plain"}]
    code_history_pattern = "*six*"
    supported_history_operations = ("tail", "range", "search")
    code_inspect_sample = "clearOutput"
    code_clear_output = "clearOutput()"

    # The suite waits 0.1 s for an output, which a loaded machine may miss; nothing else is changed.
    flushing = False

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.kc.execute_interactive("'warm'", timeout=120, output_hook=lambda message: None)
        for channel in (cls.kc.iopub_channel, cls.kc.shell_channel):
            channel.get_msg = cls.patient(channel.get_msg)

    @classmethod
    def patient(cls, get_msg):
        async def wait(timeout=None):
            return await get_msg(timeout=timeout if cls.flushing or timeout is None else max(timeout, 60))

        return wait

    def flush_channels(self):
        type(self).flushing = True
        try:
            super().flush_channels()
        finally:
            type(self).flushing = False


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(BlockwiseKernelTests)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    problems = [str(text) for _, text in [*result.failures, *result.errors]]
    skipped = sorted({str(test) for test, _ in result.skipped})
    print(json.dumps({"run": result.testsRun, "problems": problems, "skipped": skipped}))
