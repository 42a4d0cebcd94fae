import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type CommMessage, DISPLAY, NOTEBOOK_HOST } from "../../src/display-protocol";
import { widgets } from "../../src/lab/words/widgets";

interface Sent {
  readonly id: string;
  readonly data: { state?: Record<string, unknown>; method?: string };
  readonly metadata: unknown;
}

let sent: Sent[];
let listeners: Map<string, (message: CommMessage) => void>;

/** A notebook whose front end keeps what it is sent. */
beforeEach(() => {
  sent = [];
  listeners = new Map();
  const open = (_target: string, data: Sent["data"], _buffers: unknown, metadata: unknown) => {
    const id = `comm-${sent.length}`;
    sent.push({ id, data, metadata });
    return {
      id,
      send: (update: Sent["data"], _b: unknown, about: unknown) => sent.push({ id, data: update, metadata: about }),
      close: () => {},
      onMessage: (listener: (message: CommMessage) => void) => listeners.set(id, listener),
    };
  };
  Object.defineProperty(globalThis, NOTEBOOK_HOST, { value: { comms: { open } }, configurable: true });
});

afterEach(() => {
  delete (globalThis as { [NOTEBOOK_HOST]?: unknown })[NOTEBOOK_HOST];
});

function hear(id: string, data: unknown): void {
  listeners.get(id)!({ data, metadata: {}, buffers: [] });
}

describe("a slider", () => {
  it("opens its models with the protocol's version and shows itself by its id", () => {
    const slider = widgets.slider({ min: 1, max: 9, value: 3, description: "depth" });
    const { id, data, metadata } = sent.at(-1)!;
    expect(metadata).toEqual({ version: "2.1.0" });
    expect(data.state).toMatchObject({ _model_name: "IntSliderModel", _view_name: "IntSliderView", value: 3, max: 9 });
    const ids = sent.map((one) => `IPY_MODEL_${one.id}`);
    expect(ids).toContain(data.state!.layout);
    expect(ids).toContain(data.state!.style);
    expect(slider[DISPLAY]()).toEqual({
      "application/vnd.jupyter.widget-view+json": { version_major: 2, version_minor: 0, model_id: id },
      "text/plain": "[slider from 1 to 9]",
    });
  });

  it("follows the front end, tells of it, and sets the front end", () => {
    const seen: number[] = [];
    const slider = widgets.slider({ max: 9 }).onChange(({ value }) => seen.push(value));
    const { id } = sent.at(-1)!;
    hear(id, { method: "update", state: { value: 7 }, buffer_paths: [] });
    expect([slider.state.value, seen]).toEqual([7, [7]]);
    slider.set({ value: 2 });
    expect(sent.at(-1)).toMatchObject({
      id,
      data: { method: "update", state: { value: 2 } },
      metadata: { version: "2.1.0" },
    });
    hear(id, { method: "request_state" });
    expect(sent.at(-1)!.data.state).toMatchObject({ _model_name: "IntSliderModel", value: 2, max: 9 });
  });

  it("of a broken step has broken values, and one without values is refused", () => {
    widgets.slider({ max: 1, step: 0.1 });
    expect(sent.at(-1)!.data.state).toMatchObject({ _model_name: "FloatSliderModel" });
    for (const options of [{ min: 5, max: 1 }, { value: 101 }, { step: 0 }, { max: Number.NaN }]) {
      expect(() => widgets.slider(options)).toThrow(/widgets\.slider/);
    }
    expect(() => widgets.slider({ maximum: 3 } as object)).toThrow(/maximum/);
  });
});

describe("a widget of one's own", () => {
  it("is anywidget's, with its module and the shared state", () => {
    const widget = widgets.own("export default { render() {} }", { count: 0 });
    expect(sent.at(-1)!.data.state).toMatchObject({ _model_module: "anywidget", _esm: expect.any(String), count: 0 });
    hear(sent.at(-1)!.id, { method: "update", state: { count: 5 } });
    expect(widget.state).toEqual({ count: 5 });
  });

  it("needs a notebook", () => {
    delete (globalThis as { [NOTEBOOK_HOST]?: unknown })[NOTEBOOK_HOST];
    expect(() => widgets.own("", {})).toThrow(/must be called in a notebook/);
  });
});
