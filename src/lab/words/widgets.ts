import { ConfigError, checkOptions, type OptionRule, type OptionRules, rule } from "../../core";
import { type Comm, DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { comms } from "./interaction";

/** Version of the messages between kernels and Jupyter's widgets. */
const PROTOCOL = { version: "2.1.0" };
const CONTROLS = "@jupyter-widgets/controls";
const BASE = "@jupyter-widgets/base";
/** Of ipywidgets 8. */
const MODULE_VERSION = "2.0.0";
/** Of the front end's package anywidget: any since `_esm` has a default export. */
const ANYWIDGET_VERSION = ">=0.9.0";

type State = Readonly<Record<string, unknown>>;

/** A widget of the notebook: the last value of a cell, it shows itself; cells read what the user set. */
export class Widget<S extends State> implements Displayable {
  private readonly listeners: ((state: S, changed: Partial<S>) => void)[] = [];
  private readonly comm: Comm;
  private current: S;

  constructor(
    private readonly text: string,
    private readonly model: State,
    state: S,
  ) {
    this.current = { ...state };
    this.comm = open({ ...model, ...state });
    this.comm.onMessage(({ data }) => this.receive(data));
  }

  /** As the front end or the notebook set it last. */
  get state(): S {
    return this.current;
  }

  /** Sets some of the state, here and in every view of the widget. */
  set(changed: Partial<S>): void {
    this.current = { ...this.current, ...changed };
    this.comm.send({ method: "update", state: changed, buffer_paths: [] }, undefined, PROTOCOL);
  }

  /** Calls back when the user changes something; what it prints appears below the widget's cell. */
  onChange(listener: (state: S, changed: Partial<S>) => void): this {
    this.listeners.push(listener);
    return this;
  }

  /** Takes the widget out of the notebook. */
  close(): void {
    this.comm.close();
  }

  [DISPLAY](): MimeBundle {
    const view = { version_major: 2, version_minor: 0, model_id: this.comm.id };
    return { "application/vnd.jupyter.widget-view+json": view, "text/plain": this.text };
  }

  private receive(data: unknown): void {
    const { method, state } = Object(data) as { method?: string; state?: Partial<S> };
    if (method === "request_state") {
      const all = { ...this.model, ...this.current };
      this.comm.send({ method: "update", state: all, buffer_paths: [] }, undefined, PROTOCOL);
    } else if (method === "update" && state) {
      this.current = { ...this.current, ...state };
      for (const listener of this.listeners) listener(this.current, state);
    }
  }
}

function open(state: State): Comm {
  return comms.open("jupyter.widget", { state, buffer_paths: [] }, undefined, PROTOCOL);
}

/** What the front end makes a model and a view of. */
function model(module: string, version: string, name: string, view?: string): State {
  return {
    _model_module: module,
    _model_module_version: version,
    _model_name: name,
    _view_module: view === undefined ? null : module,
    _view_module_version: view === undefined ? "" : version,
    _view_name: view ?? null,
  };
}

export interface SliderOptions {
  /** Default 0. */
  min?: number;
  /** Default 100. */
  max?: number;
  /** Default 1; with a step that is no whole number the slider's values are none either. */
  step?: number;
  /** At first; default: `min`. */
  value?: number;
  /** Text at its left side. */
  description?: string;
}

const number: OptionRule = { must: "a number", holds: Number.isFinite };
const SLIDER_RULES: OptionRules<SliderOptions> = {
  min: number,
  max: number,
  step: number,
  value: number,
  description: rule.text,
};

/** Widgets of Jupyter, for front ends that have ipywidgets (JupyterLab with `jupyterlab_widgets`). */
export const widgets = {
  /**
   * A slider: `const s = widgets.slider({ max: 10 })` shows itself, `s.state.value` is where it stands.
   * @throws ConfigError outside a notebook, and for bounds that leave no value.
   */
  slider(options: SliderOptions = {}): Widget<{ readonly value: number }> {
    checkOptions("widgets.slider", options, SLIDER_RULES);
    const { min = 0, max = 100, step = 1, description = "" } = options;
    const { value = min } = options;
    if (!(min <= value && value <= max) || !(step > 0)) {
      const got = `min ${min}, value ${value}, max ${max}, step ${step}`;
      throw new ConfigError(
        `widgets.slider: must have min <= value <= max and step > 0, got ${got}; give those that fit`,
      );
    }
    const kind = [min, step, value].every(Number.isInteger) ? "Int" : "Float";
    const layout = open(model(BASE, MODULE_VERSION, "LayoutModel", "LayoutView"));
    const style = open({ ...model(CONTROLS, MODULE_VERSION, "SliderStyleModel"), ...styleView() });
    const parts = { layout: `IPY_MODEL_${layout.id}`, style: `IPY_MODEL_${style.id}` };
    const whole = model(CONTROLS, MODULE_VERSION, `${kind}SliderModel`, `${kind}SliderView`);
    return new Widget(`[slider from ${min} to ${max}]`, { ...whole, ...parts, min, max, step, description }, { value });
  },

  /**
   * A widget of your own by anywidget (the front end needs its package): an ES module that draws `model` into `el`.
   * @param esm its text, with `export default { render({ model, el }) { ... } }`.
   * @param state what both sides share.
   * @throws ConfigError outside a notebook.
   */
  own<S extends State>(esm: string, state: S, css = ""): Widget<S> {
    const whole = model("anywidget", ANYWIDGET_VERSION, "AnyModel", "AnyView");
    const layout = open(model(BASE, MODULE_VERSION, "LayoutModel", "LayoutView"));
    const parts = { layout: `IPY_MODEL_${layout.id}`, _anywidget_id: "blockwise.own", _esm: esm, _css: css };
    return new Widget("[widget]", { ...whole, ...parts }, state);
  },
};

/** A style is seen by its widget alone. */
function styleView(): State {
  return { _view_module: BASE, _view_module_version: MODULE_VERSION, _view_name: "StyleView" };
}
