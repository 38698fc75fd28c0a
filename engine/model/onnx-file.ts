/** @file The bytes of an ONNX file: the protobuf messages of onnx.proto3 that a graph of float operators needs. Source: https://github.com/onnx/onnx, docs/IR.md and onnx/onnx.proto3; field numbers from there. */

/** A whole number, a list of whole numbers, a text, or one float. */
export type OnnxAttribute = number | readonly number[] | string | { readonly float: number };

export interface OnnxNode {
  readonly type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}
export interface OnnxTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}
/** A float tensor that comes or goes; a size in words is free. */
export interface OnnxPort {
  readonly name: string;
  readonly shape: readonly (number | string)[];
}
export interface OnnxModel {
  readonly operatorSet: number;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly producer: { readonly name: string; readonly version: string };
  readonly input: OnnxPort;
  readonly output: OnnxPort;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
}

/** IR version 6 belongs to operator set 11 (ONNX 1.6). */
const irVersion = 6;
const elementType = { float: 1, int64: 7 } as const;
const attributeType = { float: 1, int: 2, string: 3, ints: 7 } as const;

export function writeOnnx({ operatorSet, description, metadata, producer, input, output, nodes, initializers }: OnnxModel): Uint8Array {
  const graph = [...nodes.map((node) => field(1, nodeMessage(node))), field(2, 'network'), ...initializers.map((tensor) => field(5, tensorMessage(tensor))), field(11, portMessage(input)), field(12, portMessage(output))];
  const properties = Object.entries(metadata).map(([key, value]) => field(14, joined([field(1, key), field(2, value)])));
  return joined([field(1, irVersion), field(2, producer.name), field(3, producer.version), field(6, description), field(7, joined(graph)), field(8, joined([field(1, ''), field(2, operatorSet)])), ...properties]);
}

const nodeMessage = ({ type, inputs, outputs, attributes }: OnnxNode): Uint8Array =>
  joined([...inputs.map((name) => field(1, name)), ...outputs.map((name) => field(2, name)), field(3, outputs[0]), field(4, type), ...Object.entries(attributes).map(([name, value]) => field(5, attributeMessage(name, value)))]);

function attributeMessage(name: string, value: OnnxAttribute): Uint8Array {
  if (typeof value === 'number') return joined([field(1, name), field(3, value), field(20, attributeType.int)]);
  if (typeof value === 'string') return joined([field(1, name), field(4, value), field(20, attributeType.string)]);
  if ('float' in value) return joined([field(1, name), floatField(2, value.float), field(20, attributeType.float)]);
  return joined([field(1, name), ...value.map((one) => field(8, one)), field(20, attributeType.ints)]);
}

const tensorMessage = ({ name, shape, data }: OnnxTensor): Uint8Array =>
  joined([...shape.map((size) => field(1, size)), field(2, data instanceof Float32Array ? elementType.float : elementType.int64), field(8, name), field(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength))]);

function portMessage({ name, shape }: OnnxPort): Uint8Array {
  const sizes = shape.map((size) => field(1, typeof size === 'number' ? field(1, size) : field(2, size)));
  return joined([field(1, name), field(2, field(1, joined([field(1, elementType.float), field(2, joined(sizes))])))]);
}

/** One field: a whole number from 0 as a varint; text or a message with its length. */
function field(number: number, value: number | string | Uint8Array): Uint8Array {
  if (typeof value === 'number') return joined([varint(number * 8), varint(value)]);
  const content = typeof value === 'string' ? new TextEncoder().encode(value) : value;
  return joined([varint(number * 8 + 2), varint(content.length), content]);
}

function floatField(number: number, value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return joined([varint(number * 8 + 5), bytes]);
}

/** Seven bits a byte, the lowest first. */
function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Uint8Array.of(...bytes, rest);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
