import { describe, expect, it } from 'vitest';
import { readSafetensors, toHalfPrecision, writeSafetensors } from '../../engine/data/safetensors';

/** A file by hand: header and data as the format's documentation lays them out. */
function file(header: object, data: ArrayBufferView): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.byteLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 8 + json.length);
  return bytes;
}
const refusal = (message: string) => expect.objectContaining({ name: 'GyraError', code: 'bad-input', message: expect.stringContaining(message) as string }) as Error;

describe('safetensors', () => {
  it.each([
    ['F64', Float64Array.of(0.1, -2), 8],
    ['F32', Float32Array.of(0.5, -2), 4],
    ['I64', BigInt64Array.of(-5n, 2n ** 40n), 8],
    ['I32', Int32Array.of(-5, 7), 4],
    ['U8', Uint8Array.of(3, 255), 1],
    ['BOOL', Uint8Array.of(0, 1), 1],
  ] as const)('reads %s', (dtype, data, size) => {
    const { tensors } = readSafetensors(file({ t: { dtype, shape: [2], data_offsets: [0, 2 * size] } }, data));
    expect(tensors.get('t')).toEqual({ dtype, shape: [2], data });
  });

  it('reads every kind of half-precision number', () => {
    const bits = Uint16Array.of(0x3c00, 0xc000, 0x3555, 0x7bff, 0x0400, 0x0001, 0x8000, 0x7c00, 0xfc00, 0x7e00);
    const { tensors } = readSafetensors(file({ t: { dtype: 'F16', shape: [bits.length], data_offsets: [0, 2 * bits.length] } }, bits));
    expect([...tensors.get('t')!.data]).toEqual([1, -2, 0.333251953125, 65504, 2 ** -14, 2 ** -24, -0, Infinity, -Infinity, NaN]);
  });

  it('reads from a view into a larger buffer, at any offset', () => {
    const bytes = file({ t: { dtype: 'F64', shape: [], data_offsets: [0, 8] } }, Float64Array.of(Math.PI));
    const shifted = Buffer.concat([Buffer.from([1, 2, 3]), bytes]).subarray(3);
    expect([...readSafetensors(shifted).tensors.get('t')!.data]).toEqual([Math.PI]);
  });

  it('reads back what it writes: names in order, shapes, metadata', () => {
    const data = Float32Array.from({ length: 6 }, (_, n) => Math.fround(Math.sin(n)));
    const tensors = new Map([
      ['down.0.weight', { dtype: 'F32', shape: [2, 3], data }],
      ['empty', { dtype: 'F32', shape: [0], data: new Float32Array(0) }],
      ['scalar', { dtype: 'F32', shape: [], data: Float32Array.of(7) }],
    ] as const);
    const read = readSafetensors(writeSafetensors(tensors, { format: 'gyra', spec: '{"a":1}' }));
    expect(read.metadata).toEqual({ format: 'gyra', spec: '{"a":1}' });
    expect([...read.tensors]).toEqual([...tensors]);
  });

  it('starts the data at a multiple of 8 bytes', () => {
    for (const name of ['a', 'ab', 'abc']) {
      const bytes = writeSafetensors(new Map([[name, { dtype: 'F32', shape: [1], data: Float32Array.of(1) }]]));
      expect(new DataView(bytes.buffer).getBigUint64(0, true) % 8n).toBe(0n);
    }
  });

  it('rounds to half precision to nearest, ties to even', () => {
    const values = Float32Array.of(1, 1 + 2 ** -11, 1 + 3 * 2 ** -11, 1 + 2 ** -12, 2 - 2 ** -12, -65504, 65519, 65520, 1e-9, 2 ** -25, 3 * 2 ** -25, 2 ** -14 - 2 ** -26, -0, NaN);
    const { tensors } = readSafetensors(writeSafetensors(new Map([['t', { dtype: 'F16', shape: [values.length], data: values }]])));
    expect([...tensors.get('t')!.data]).toEqual([1, 1, 1 + 2 ** -9, 1, 2, -65504, 65504, Infinity, 0, 0, 2 ** -23, 2 ** -14, -0, NaN]);
  });

  it.each<[string, Uint8Array, string]>([
    ['numbers beyond it', writeSafetensors(new Map([['t', { dtype: 'F32', shape: [2], data: Float32Array.of(1, -65520) }]])), 'tensor "t" holds -65520, beyond half precision'],
    ['whole numbers', file({ t: { dtype: 'I32', shape: [1], data_offsets: [0, 4] } }, new Int32Array(1)), 'tensor "t" is not of single precision'],
  ])('refuses %s in half precision', (_, bytes, message) => {
    expect(() => toHalfPrecision(bytes, 'best.safetensors')).toThrow(refusal(message));
  });

  const good = writeSafetensors(new Map([['t', { dtype: 'F32', shape: [4], data: new Float32Array(4) }]]));
  it.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), 'is not a safetensors file'],
    ['text', new TextEncoder().encode('This is a text file, and not a short one.'), 'is not a safetensors file'],
    ['a zip', Uint8Array.from({ length: 64 }, (_, n) => [0x50, 0x4b, 3, 4][n] ?? n), 'is not a safetensors file'],
    ['a header that is not JSON', file({}, new Uint8Array(0)).map((byte, n) => (n === 9 ? 0x21 : byte)), 'is not a safetensors file'],
    ['an entry without a shape', file({ t: { dtype: 'F32' } }, new Uint8Array(0)), 'is not a safetensors file'],
    ['a header cut short', good.subarray(0, 20), 'is shorter than its header says'],
    ['data cut short', good.subarray(0, -1), 'is shorter than its header says'],
    ['an unknown type', file({ t: { dtype: 'F8_E4M3', shape: [1], data_offsets: [0, 1] } }, new Uint8Array(1)), 'has type F8_E4M3'],
    ['a shape the data do not fill', file({ t: { dtype: 'F32', shape: [3], data_offsets: [0, 4] } }, new Float32Array(1)), 'does not fill its shape [3]'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => readSafetensors(bytes, 'best.safetensors')).toThrow(refusal('best.safetensors'));
    expect(() => readSafetensors(bytes, 'best.safetensors')).toThrow(refusal(message));
  });
});
