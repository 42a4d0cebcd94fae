import { bytes, float, integer, message, text } from "./protobuf";

// Messages of onnx.proto (IR version 7); the numbers are its field numbers.

/** Version of the operators; what onnxruntime, OpenVINO, TensorRT and Core ML's converters of the last years read. */
export const OPSET = 13;
const IR_VERSION = 7;

/** Types of tensors. */
export const TYPES = { float: 1, uint8: 2, int64: 7 } as const;

/** A size, or the name of one that is known only when it runs. */
export type Dimension = number | string;

export type Attribute = number | readonly number[] | { readonly float: number } | { readonly text: string };

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface OnnxValue {
  readonly name: string;
  readonly type: keyof typeof TYPES;
  readonly shape: readonly Dimension[];
}

export interface OnnxConstant {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly constants: readonly OnnxConstant[];
  readonly input: OnnxValue;
  readonly output: OnnxValue;
}

const ATTRIBUTE_TYPES = { float: 1, int: 2, text: 3, ints: 7 } as const;

function attribute(name: string, value: Attribute): Uint8Array {
  if (typeof value === "number") {
    return message(text(1, name), integer(3, value), integer(20, ATTRIBUTE_TYPES.int));
  }
  if ("float" in value) return message(text(1, name), float(2, value.float), integer(20, ATTRIBUTE_TYPES.float));
  if ("text" in value) return message(text(1, name), text(4, value.text), integer(20, ATTRIBUTE_TYPES.text));
  const numbers = value.map((each) => integer(8, each));
  return message(text(1, name), numbers, integer(20, ATTRIBUTE_TYPES.ints));
}

function node({ op, inputs, output, attributes = {} }: OnnxNode): Uint8Array {
  return message(
    inputs.map((name) => text(1, name)),
    text(2, output),
    text(3, output),
    text(4, op),
    Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
  );
}

function constant({ name, shape, data }: OnnxConstant): Uint8Array {
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const sizes = shape.map((size) => integer(1, size));
  return message(
    sizes,
    integer(2, data instanceof BigInt64Array ? TYPES.int64 : TYPES.float),
    text(8, name),
    bytes(9, raw),
  );
}

function value({ name, type, shape }: OnnxValue): Uint8Array {
  const dimensions = shape.map((size) =>
    bytes(1, message(typeof size === "number" ? integer(1, size) : text(2, size))),
  );
  const tensor = message(integer(1, TYPES[type]), bytes(2, message(dimensions)));
  return message(text(1, name), bytes(2, message(bytes(1, tensor))));
}

/** The bytes of an ONNX file. @param metadata What the file says of itself, by name. */
export function encodeOnnx(graph: OnnxGraph, metadata: Readonly<Record<string, string>>, version: string): Uint8Array {
  const encoded = message(
    graph.nodes.map((each) => bytes(1, node(each))),
    text(2, graph.name),
    graph.constants.map((each) => bytes(5, constant(each))),
    bytes(11, value(graph.input)),
    bytes(12, value(graph.output)),
  );
  const properties = Object.entries(metadata).map(([name, given]) => bytes(14, message(text(1, name), text(2, given))));
  return message(
    integer(1, IR_VERSION),
    text(2, "blockwise"),
    text(3, version),
    bytes(7, encoded),
    bytes(8, message(integer(2, OPSET))),
    properties,
  );
}
