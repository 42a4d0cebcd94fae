import type { Command } from "commander";
import { installKernel, KERNEL_NAME, uninstallKernel } from "../../../kernel/install";
import { type Check, checkData, checkEngine, checkJupyter, checkKernelspec, checkNode } from "../doctor/checks";

interface PlaceOptions {
  readonly user?: boolean;
  readonly prefix?: string;
}

/** `blockwise kernel install | uninstall | doctor`. */
export function registerKernel(program: Command): void {
  const kernel = program
    .command("kernel")
    .description("the Jupyter kernel: install it, remove it, check what it needs");

  placed(kernel.command("install"))
    .description("make Jupyter know the kernel; doing it again changes nothing")
    .action((options: PlaceOptions) => console.log(`installed kernel "${KERNEL_NAME}": ${installKernel(options)}`));

  placed(kernel.command("uninstall"))
    .description("remove the kernel from Jupyter")
    .action((options: PlaceOptions) => {
      const { folder, removed } = uninstallKernel(options);
      console.log(removed ? `removed kernel "${KERNEL_NAME}": ${folder}` : `nothing to remove: ${folder} is not there`);
    });

  kernel
    .command("doctor")
    .description("check Node, Jupyter, the kernel, the engine and the data; exit code 1 if anything is missing")
    .option("--json", "print JSON")
    .action(async (options: { json?: boolean }) => {
      const checks = [checkNode(), checkJupyter(), checkKernelspec(), await checkEngine(), await checkData()];
      console.log(options.json ? JSON.stringify(checks, null, 2) : checks.map(lines).join("\n"));
      if (checks.some(({ ok }) => !ok)) process.exitCode = 1;
    });
}

function placed(command: Command): Command {
  return command
    .option("--user", "for this user; so it is without options")
    .option("--prefix <folder>", "below <folder>/share/jupyter, as of an environment: --prefix $CONDA_PREFIX");
}

function lines({ name, ok, found, mend }: Check): string {
  const head = `${ok ? "ok  " : "FAIL"} ${name.padEnd(8)} ${found}`;
  return mend === undefined ? head : `${head}\n              mend: ${mend}`;
}
