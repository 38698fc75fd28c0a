/** @file The safetensors file format: named arrays behind a JSON header. https://huggingface.co/docs/safetensors (format section) */
import { z } from 'zod';
import { badInput } from '../contract/problem';

/** Bytes of an element. */
export const elementBytes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1 } as const;
export type SafetensorsDtype = keyof typeof elementBytes;

export interface StoredTensor {
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  /** F16 and BF16 are widened to float32; BOOL is 0 and 1. */
  readonly data: Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array;
}
export interface SafetensorsFile {
  readonly tensors: Map<string, StoredTensor>;
  readonly metadata: Record<string, string>;
}

const sizes = z.array(z.int().nonnegative());
const header = z.looseObject({ __metadata__: z.record(z.string(), z.string()).optional() });
const entry = z.strictObject({ dtype: z.string(), shape: sizes, data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]) });

/**
 * All tensors of a file, copied out of `bytes`.
 * @param fileName Names the file in messages; without its folder.
 * @throws GyraError where the bytes are not a safetensors file, are cut short, or hold a type that is not read here.
 */
export function readSafetensors(bytes: Uint8Array, fileName = 'This file'): SafetensorsFile {
  const foreign = () => badInput(`${fileName} is not a safetensors file: its header cannot be read.`, 'Give a file that ends in .safetensors and was written by Gyra, PyTorch or another safetensors writer.');
  const truncated = () => badInput(`${fileName} is shorter than its header says.`, 'Copy or download the file again.');
  if (bytes.length < 8) throw foreign();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headLength = Number(view.getBigUint64(0, true));
  if (bytes[8] !== '{'.charCodeAt(0)) throw foreign();
  if (8 + headLength > bytes.length) throw truncated();
  const parsed = header.safeParse(parseJson(bytes.subarray(8, 8 + headLength)));
  if (!parsed.success) throw foreign();
  const { __metadata__: metadata = {}, ...entries } = parsed.data;
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of Object.entries(entries)) {
    const described = entry.safeParse(value);
    if (!described.success) throw foreign();
    const { dtype, shape, data_offsets: [start, end] } = described.data;
    if (!isDtype(dtype)) throw badInput(`${fileName}: tensor "${name}" has type ${dtype}.`, `Store it as one of ${Object.keys(elementBytes).join(', ')}.`);
    if (end - start !== shape.reduce((product, size) => product * size, elementBytes[dtype])) throw badInput(`${fileName}: tensor "${name}" does not fill its shape [${shape.join(', ')}].`, 'Write the file again.');
    if (8 + headLength + end > bytes.length) throw truncated();
    tensors.set(name, { dtype, shape, data: decodeElements(dtype, new Uint8Array(bytes.subarray(8 + headLength + start, 8 + headLength + end)).buffer) });
  }
  return { tensors, metadata };
}

/**
 * A file of float tensors, in the given order; F16 rounds to nearest, ties to even.
 * Same input, same bytes.
 */
export function writeSafetensors(tensors: ReadonlyMap<string, { readonly dtype: 'F32' | 'F16'; readonly shape: readonly number[]; readonly data: Float32Array }>, metadata: Readonly<Record<string, string>> = {}): Uint8Array {
  const blocks = [...tensors].map(([name, { dtype, shape, data }]) => ({ name, dtype, shape, bytes: new Uint8Array(dtype === 'F32' ? Float32Array.from(data).buffer : Uint16Array.from(data, toHalf).buffer) }));
  let length = 0;
  const entries = blocks.map(({ name, dtype, shape, bytes }) => [name, { dtype, shape, data_offsets: [length, (length += bytes.length)] }]);
  const json = JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
  // Padded with spaces so that the data start at a multiple of 8 bytes, as the format advises.
  const text = new TextEncoder().encode(json);
  const head = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(' '.charCodeAt(0));
  head.set(text);
  const file = new Uint8Array(8 + head.length + length);
  new DataView(file.buffer).setBigUint64(0, BigInt(head.length), true);
  file.set(head, 8);
  let at = 8 + head.length;
  for (const { bytes } of blocks) {
    file.set(bytes, at);
    at += bytes.length;
  }
  return file;
}

/**
 * The same file with its numbers rounded to half precision: half the bytes.
 * @throws GyraError where a number is too large for it, or a tensor holds none with a fraction.
 */
export function toHalfPrecision(bytes: Uint8Array, fileName: string): Uint8Array {
  const { tensors, metadata } = readSafetensors(bytes, fileName);
  const halves = [...tensors].map(([name, { shape, data }]) => {
    if (!(data instanceof Float32Array)) throw badInput(`${fileName}: tensor "${name}" is not of single precision.`, 'Leave half precision away.');
    const beyond = data.find((value) => Math.abs(value) >= beyondHalf);
    if (beyond !== undefined) throw badInput(`${fileName}: tensor "${name}" holds ${beyond}, beyond half precision.`, 'Leave half precision away.');
    return [name, { dtype: 'F16' as const, shape, data }] as const;
  });
  return writeSafetensors(new Map(halves), metadata);
}

const isDtype = (text: string): text is SafetensorsDtype => Object.hasOwn(elementBytes, text);

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}

/** Little-endian elements; F16 and BF16 are widened to float32. */
export function decodeElements(dtype: SafetensorsDtype, buffer: ArrayBuffer): StoredTensor['data'] {
  switch (dtype) {
    case 'F64': return new Float64Array(buffer);
    case 'F32': return new Float32Array(buffer);
    case 'F16': return Float32Array.from(new Uint16Array(buffer), fromHalf);
    // the upper half of a float32
    case 'BF16': return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16).buffer);
    case 'I64': return new BigInt64Array(buffer);
    case 'I32': return new Int32Array(buffer);
    case 'U8':
    case 'BOOL': return new Uint8Array(buffer);
  }
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** What rounds to infinity in half precision. */
const beyondHalf = 65520;

function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= beyondHalf) return sign | 0x7c00;
  // Subnormals share the spacing of the smallest exponent, so one formula serves both.
  const exponent = Math.max(Math.floor(Math.log2(size)), -14);
  const steps = roundToEven(size * 2 ** (10 - exponent));
  return sign | (((exponent + 14) << 10) + steps);
}

function roundToEven(value: number): number {
  const low = Math.floor(value);
  const rest = value - low;
  return rest > 0.5 || (rest === 0.5 && low % 2 === 1) ? low + 1 : low;
}
