import { afterEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import { clearOutput, comms, input, NOTEBOOK_HOST, page } from "../../src/lab";
import { inNotebook } from "./recording-host";

const globals = globalThis as { [NOTEBOOK_HOST]?: unknown };

afterEach(() => {
  delete globals[NOTEBOOK_HOST];
});

describe("talking to the user of a notebook", () => {
  it("goes to the notebook's host", async () => {
    const asked: unknown[] = [];
    globals[NOTEBOOK_HOST] = {
      input: async (...all: unknown[]) => {
        asked.push(all);
        return "Ada";
      },
      clearOutput: (wait: boolean) => asked.push(["clear", wait]),
      page: (bundle: unknown) => asked.push(bundle),
      comms: { open: (...all: unknown[]) => asked.push(all), onOpen: () => {} },
    };
    expect(await input("Name? ")).toBe("Ada");
    await input("Word? ", { password: true });
    clearOutput();
    clearOutput({ wait: true });
    page("long");
    comms.open("view", 1, undefined, { version: "2.1.0" });
    expect(asked).toEqual([
      ["Name? ", false],
      ["Word? ", true],
      ["clear", false],
      ["clear", true],
      { "text/plain": "long" },
      ["view", 1, undefined, { version: "2.1.0" }],
    ]);
  });

  it("fails with what to do where there is no notebook, or one that only shows", async () => {
    await expect(input("?")).rejects.toThrow(ConfigError);
    expect(() => clearOutput()).toThrow(/run the code with the Blockwise kernel/);
    await inNotebook(() => expect(() => page("x")).toThrow(ConfigError));
  });
});
