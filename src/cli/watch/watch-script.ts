/** What the page of a watched run does, plain JavaScript: it listens to the server's events, and draws what they say. */
export const WATCH_SCRIPT = `"use strict";
const at = (id) => document.getElementById(id);
const token = new URLSearchParams(location.search).get("token");
const dark = matchMedia("(prefers-color-scheme: dark)");
let seen;
let chosen;

const make = (name, properties = {}, children = []) => {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
};

/** "12 s", "3 min 05 s", "2 h 10 min". */
function duration(ms) {
  const seconds = Math.round(ms / 1000);
  const two = (value) => String(value).padStart(2, "0");
  if (seconds < 60) return seconds + " s";
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return minutes + " min " + two(seconds % 60) + " s";
  return Math.floor(minutes / 60) + " h " + two(minutes % 60) + " min";
}

function figures(metrics) {
  return Object.entries(metrics)
    .filter(([, value]) => value !== null)
    .map(([name, value]) =>
      /accuracy/i.test(name) ? name + " " + (100 * value).toFixed(1) + " %"
        : name + " " + (Number.isInteger(value) ? value : value.toPrecision(3)));
}

const STATES = { new: "nothing complete yet", held: "held by another machine", killed: "ended without a word (killed)" };

function head({ state, steps }) {
  const word = at("state");
  word.textContent = STATES[state.state] ?? state.state;
  word.className = state.state;
  const { holder } = state;
  const facts = [
    state.total === undefined ? state.done + " steps done" : state.done + " of " + state.total + " steps done",
    state.remainingMs === undefined ? undefined : duration(state.remainingMs) + " left of what is at work",
    holder ? "process " + holder.pid + " on " + holder.host + (holder.isAlive === false ? ", which ended" : "") : undefined,
    state.updated === undefined ? undefined : "last heard of at " + new Date(state.updated).toLocaleTimeString(),
    state.resumable ? "the same blockwise run goes on with it" : undefined,
  ];
  at("summary").textContent = facts.filter(Boolean).join("; ");
  const told = [state.message, ...state.damage].filter(Boolean);
  at("message").textContent = told.join("; ");
  at("message").hidden = told.length === 0;
  at("steps").replaceChildren(...steps.map(({ name, isDone, durationMs }) => make("li", {
    className: isDone ? "done" : name === state.step ? "now" : "",
    textContent: name,
    title: isDone ? "done" + (durationMs === undefined ? "" : " in " + duration(durationMs)) : "to be done",
  })));
}

function bar({ task, done, total, unit, metrics }, left) {
  const facts = [done + "/" + total + " " + unit, ...figures(metrics), ...(left === undefined ? [] : [duration(left) + " left"])];
  return [
    make("div", { className: "words" }, [make("span", { textContent: task }), make("span", { className: "facts", textContent: facts.join(", ") })]),
    make("progress", { max: total || 1, value: done, ariaLabel: task }),
  ];
}

/** Tasks that ended, of which more would only be in the way. */
const MOST_PAST = 6;

function tasks({ tasks: all, state }) {
  const ended = (task) => task.done >= task.total;
  const atWork = state.state === "running" || state.state === "held";
  const past = all.filter(ended).reverse();
  const shown = [...all.filter((task) => !ended(task)).reverse(), ...past.slice(0, MOST_PAST)];
  at("tasks").replaceChildren(...shown.map((task) => make("div", { className: ended(task) ? "task past" : "task" }, [
    ...bar(task, atWork && !ended(task) ? task.remainingMs : undefined),
    ...(task.within.length > 0 && !ended(task)
      ? [make("div", { className: "within" }, task.within.map((part) => make("div", { className: ended(part) ? "past" : "" }, bar(part))))]
      : []),
  ])));
  const more = past.length - MOST_PAST;
  if (more > 0) at("tasks").append(make("p", { className: "note", textContent: "and " + more + " before" }));
  if (shown.length === 0) at("tasks").textContent = "None was told of yet.";
}

const COLOURS = {
  light: ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#882255", "#999933", "#332288", "#44AA99"],
  dark: ["#4FA8E0", "#F07F3C", "#2DBE95", "#CC79A7", "#E69F00", "#A9DBFF", "#D3709F", "#999933", "#9C8FF0", "#44AA99"],
};
const KINDS = [
  ["teacher", "teacher", 4, "star"],
  ["brief", "trained briefly", 5, "circle-open"],
  ["random", "random, equal cost", 3, "diamond-open"],
  ["shrunk", "teacher shrunk", 6, "triangle-up"],
  ["found", "found", 1, "circle"],
];
const palette = () => COLOURS[dark.matches ? "dark" : "light"];
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function draw(id, data, x, y) {
  const element = at(id);
  const axis = () => ({ gridcolor: css("--grid"), linecolor: css("--muted"), zeroline: false, ticks: "outside", tickcolor: css("--muted"), automargin: true, showline: true });
  const narrow = element.clientWidth < 460;
  const layout = {
    autosize: true,
    font: { family: "Arial, Helvetica, 'DejaVu Sans', sans-serif", size: 12, color: css("--text") },
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    margin: { t: 8, r: 12, b: 40, l: narrow ? 44 : 56 },
    showlegend: data.length > 1,
    // Above the curves: below them it lay over the axis where the window had grown.
    legend: { orientation: "h", x: 0, xanchor: "left", y: 1.02, yanchor: "bottom", font: { size: narrow ? 10 : 12 } },
    hovermode: "closest",
    xaxis: { ...axis(), ...x, title: { text: x.words, standoff: 6, font: { size: 12 } } },
    yaxis: { ...axis(), ...y, title: { text: y.words, standoff: 8, font: { size: 12 } } },
    uirevision: id + (chosen ?? ""),
  };
  Plotly.react(element, data, layout, { responsive: true, displayModeBar: false });
}

/** Figures without anything to show say so. */
function nothing(id, words) {
  Plotly.purge(at(id));
  at(id).replaceChildren(make("p", { className: "note", textContent: words }));
  at(id).style.height = "auto";
}
function something(id) {
  if (at(id).style.height !== "auto") return;
  at(id).replaceChildren();
  at(id).style.height = "";
}

function series(task) {
  const inner = task.within.filter((part) => part.losses.length > 0);
  return inner.length > 0 ? inner : task.losses.length > 0 ? [task] : [];
}

function losses({ tasks: all }) {
  const having = all.filter((task) => series(task).length > 0);
  const select = at("of");
  const names = having.map(({ task }) => task);
  if (names.join() !== [...select.options].map(({ value }) => value).join()) {
    select.replaceChildren(...names.map((name) => make("option", { value: name, textContent: name })));
  }
  select.parentElement.hidden = having.length === 0;
  if (having.length === 0) return nothing("losses", "No task with a loss was told of yet.");
  const task = having.find((one) => one.task === chosen) ?? having.at(-1);
  select.value = task.task;
  something("losses");
  const lines = series(task);
  const flat = lines.flatMap((part) => part.losses.map(([, loss]) => loss));
  draw("losses", lines.map((part, i) => ({
    type: "scatter", mode: part.losses.length < 3 ? "lines+markers" : "lines", name: part.task,
    x: part.losses.map(([done]) => done), y: part.losses.map(([, loss]) => loss),
    line: { color: palette()[i % 10], width: 1.8, dash: ["solid", "dash", "dot"][Math.floor(i / 10) % 3] },
    hovertemplate: part.task + "<br>" + part.unit + " %{x}: %{y:.4g}<extra></extra>",
  })), { words: lines[0].unit, rangemode: "tozero" }, { words: "loss", type: flat.every((loss) => loss > 0) ? "log" : "linear" });
}

/** An axis of multiply-adds; around a single count there is room to both sides. */
function macs(counts) {
  const [low, high] = [Math.min(...counts), Math.max(...counts)];
  return { words: "multiply-adds", tickformat: "~s", nticks: 6, ...(low === high && { range: [0.5 * low, 1.5 * low] }) };
}

/** Those that none beats in both, from the cheapest on. */
function best(networks) {
  let most = -Infinity;
  return [...networks].sort((a, b) => a.macs - b.macs || b.accuracy - a.accuracy)
    .filter(({ accuracy }) => accuracy > most && ((most = accuracy), true));
}

function networks({ networks: all, accuracyOf }) {
  at("of-accuracy").textContent = "Accuracy on " + accuracyOf + " images; the line joins those that no other one beats in both.";
  if (all.length === 0) return nothing("networks", "None is trained yet.");
  something("networks");
  const line = best(all.filter(({ kind }) => kind !== "brief"));
  const data = KINDS.flatMap(([kind, name, colour, symbol]) => {
    const own = all.filter((network) => network.kind === kind);
    return own.length === 0 ? [] : [{
      type: "scatter", mode: "markers", name, x: own.map((network) => network.macs), y: own.map(({ accuracy }) => 100 * accuracy),
      text: own.map(({ label }) => label), marker: { color: palette()[colour], symbol, size: 9, line: { width: symbol.endsWith("open") ? 2 : 0 } },
      hovertemplate: "%{text}: %{y:.2f} %<br>%{x:.4s} multiply-adds<extra></extra>",
    }];
  });
  draw("networks", [{
    type: "scatter", mode: "lines", name: "front", x: line.map((network) => network.macs), y: line.map(({ accuracy }) => 100 * accuracy),
    line: { color: css("--muted"), width: 1.5, dash: "dot", shape: "hv" }, hoverinfo: "skip",
  }, ...data], macs(all.map((network) => network.macs)), { words: "accuracy (%)" });
}

function front({ front: points }) {
  if (points.length === 0) return nothing("front", "It is drawn once all blocks are rated and searched.");
  something("front");
  draw("front", [{
    type: "scatter", mode: points.length < 60 ? "lines+markers" : "lines", name: "predicted front",
    x: points.map(([count]) => count), y: points.map(([, score]) => score),
    line: { color: palette()[0], width: 1.8, shape: "hv" }, marker: { size: 5 },
    hovertemplate: "rating %{y:.4f}<br>%{x:.4s} multiply-adds<extra></extra>",
  }], macs(points.map(([count]) => count)), { words: "rating" });
}

function show(run) {
  if (run.gone !== undefined) {
    at("state").textContent = "gone";
    at("message").textContent = run.gone;
    at("message").hidden = false;
    return;
  }
  seen = run;
  for (const part of [head, tasks, losses, networks, front]) part(run);
}

at("of").addEventListener("change", (event) => { chosen = event.target.value; losses(seen); });
dark.addEventListener("change", () => seen && show(seen));
// What is small in a narrow window is not in a wide one.
addEventListener("resize", () => seen && show(seen));
const events = new EventSource("/events?token=" + encodeURIComponent(token));
events.onmessage = ({ data }) => show(JSON.parse(data));
events.onerror = () => { at("state").textContent = "the page's server ended; blockwise watch starts it again"; at("state").className = ""; };
`;
