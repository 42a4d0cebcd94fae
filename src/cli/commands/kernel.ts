import type { Command } from "commander";
import { installationOf, installKernel, KERNEL_NAME, uninstallKernel } from "../../../kernel/install";
import { type Check, checkData, checkEngine, checkJupyter, checkKernelspec, checkNode } from "../doctor/checks";
import { EXIT } from "../exit-codes";
import { otherKernel } from "../other-kernel";
import { Output, type OutputOptions, withOutput } from "../output";

interface PlaceOptions extends OutputOptions {
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
    .action((options: PlaceOptions) => {
      const { folder, replaced } = installKernel(options);
      new Output(options).result({ kernel: KERNEL_NAME, folder, ...(replaced && { replaced }) }, () => {
        const other = replaced === undefined ? "" : `\n${otherKernel(replaced)}`;
        return `installed kernel "${KERNEL_NAME}": ${folder}${other}`;
      });
    });

  placed(kernel.command("uninstall"))
    .description("remove the kernel from Jupyter")
    .action((options: PlaceOptions) => {
      const { folder, removed, other } = uninstallKernel(options);
      new Output(options).result({ kernel: KERNEL_NAME, folder, removed, ...(other && { other }) }, () => {
        if (!removed) return `nothing to remove: ${folder} is not there`;
        const whose = other === undefined ? "" : `\nit was another installation's, ${installationOf(other)}`;
        return `removed kernel "${KERNEL_NAME}": ${folder}${whose}`;
      });
    });

  withOutput(kernel.command("doctor"))
    .description("check Node, Jupyter, the kernel, the engine and the data; exit code 1 if anything is missing")
    .action(async (options: OutputOptions) => {
      const checks = [checkNode(), checkJupyter(), checkKernelspec(), await checkEngine(), await checkData()];
      new Output(options).result(checks, () => checks.map(lines).join("\n"));
      if (checks.some(({ ok }) => !ok)) process.exitCode = EXIT.failed;
    });
}

function placed(command: Command): Command {
  return withOutput(command)
    .option("--user", "for this user; so it is without options")
    .option("--prefix <folder>", "below <folder>/share/jupyter, as of an environment: --prefix $CONDA_PREFIX");
}

function lines({ name, ok, found, mend }: Check): string {
  const head = `${ok ? "ok  " : "FAIL"} ${name.padEnd(8)} ${found}`;
  return mend === undefined ? head : `${head}\n              mend: ${mend}`;
}
