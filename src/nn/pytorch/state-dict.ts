import { isPickledTensor, type PickledTensor, RefusedPickle } from "./unpickle";

/** Where training scripts keep weights beside other things, those that are to be evaluated first. */
const WRAPPERS = ["state_dict_ema", "model_ema", "state_dict", "model_state_dict", "model"] as const;
const RUNNING_MEANS: ReadonlySet<string> = new Set(["state_dict_ema", "model_ema"]);
/** Wrappers within wrappers that are looked into; a dictionary may hold itself. */
const MOST_DEEP = 4;

/** The tensors of a state dict by name. */
export interface StateDict {
  readonly tensors: Map<string, PickledTensor>;
  /** Which of several was taken, a sentence. */
  readonly remarks: readonly string[];
  /** Tensors of whatever else lies beside it: their values are in the file, too. */
  readonly all: readonly PickledTensor[];
}

/**
 * The state dict that a value is, or has inside: what training scripts save is a dictionary with epochs, accuracies and an
 * optimizer's state beside the weights, and sometimes with their running mean (EMA).
 * @throws RefusedPickle when there is none.
 */
export function stateDict(value: unknown): StateDict {
  if (!(value instanceof Map)) throw new RefusedPickle("it holds no state dict");
  const found = within(value, new Set(), 0);
  if (found) return { ...found, all: everyTensor(value) };
  const keys = [...value.keys()].filter((key) => typeof key === "string").slice(0, 3);
  throw new RefusedPickle(`it holds no tensors, but ${keys.map((key) => key.slice(0, 80)).join(", ") || "nothing"}`);
}

function within(value: Map<unknown, unknown>, seen: Set<unknown>, depth: number): Omit<StateDict, "all"> | undefined {
  if (seen.has(value) || depth > MOST_DEEP) return undefined;
  seen.add(value);
  const wrapped = WRAPPERS.flatMap((name) => {
    const inside = value.get(name);
    const found = inside instanceof Map ? within(inside, seen, depth + 1) : undefined;
    return found ? [{ name, ...found }] : [];
  });
  const [taken, ...others] = wrapped;
  if (taken) {
    const { name, tensors, remarks } = taken;
    if (others.length === 0) return { tensors, remarks };
    const kind = RUNNING_MEANS.has(name) ? ", the running mean of the weights (EMA), as timm would" : "";
    const left = others.map((other) => other.name).join(", ");
    const remark = `Of the sets of weights in the file ${name} was taken${kind}, and ${left} left aside; to take another save that one alone: torch.save(checkpoint["${others[0].name}"], path).`;
    return { tensors, remarks: [...remarks, remark] };
  }
  const entries = [...value].filter(
    (entry): entry is [string, PickledTensor] => typeof entry[0] === "string" && isPickledTensor(entry[1]),
  );
  return entries.length > 0 ? { tensors: new Map(entries), remarks: [] } : undefined;
}

/** All tensors that a value holds anywhere; each dictionary and list is looked into once. */
function everyTensor(value: unknown): PickledTensor[] {
  const seen = new Set<unknown>();
  const open = [value];
  const tensors: PickledTensor[] = [];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isPickledTensor(next)) tensors.push(next);
    if (seen.has(next)) continue;
    seen.add(next);
    const inside = next instanceof Map ? next.values() : Array.isArray(next) ? next : [];
    for (const one of inside) if (typeof one === "object" && one !== null) open.push(one);
  }
  return tensors;
}
