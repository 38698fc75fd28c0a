import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from '../../engine/contract/wire';

const message = { kind: 'reply', id: 3, empty: null, nested: [{ image: Float32Array.of(1.5, -2), labels: new Uint8Array([1, 2, 3]) }, Float64Array.of(Math.PI)], none: new Int16Array() };

describe('wire messages', () => {
  it('carry typed arrays at any depth', () => {
    expect(decodeMessage(encodeMessage(message))).toEqual(message);
  });
  it('are read from the middle of a larger buffer, as Node hands them out, into memory of their own', () => {
    const bytes = encodeMessage(message);
    const pool = Buffer.alloc(bytes.length + 3);
    pool.set(bytes, 3);
    const decoded = decodeMessage(pool.subarray(3)) as typeof message;
    expect(decoded).toEqual(message);
    pool.fill(0);
    expect(decoded).toEqual(message);
  });
  it('do not depend on the alignment of the arrays they were made from', () => {
    const odd = new Uint8Array(Float32Array.of(1, 2, 3).buffer).subarray(4);
    expect(decodeMessage(encodeMessage({ view: new Float32Array(odd.buffer, 4, 2) }))).toEqual({ view: Float32Array.of(2, 3) });
  });
  it('are refused when cut short or of unknown kind', () => {
    const bytes = encodeMessage(message);
    for (let length = 0; length < bytes.length; length += 8) expect(() => decodeMessage(bytes.subarray(0, length))).toThrow();
    const head = (json: string) => Uint8Array.from([json.length, 0, 0, 0, ...new TextEncoder().encode(json)]);
    for (const json of ['{"$array":0,"kind":"constructor","length":1}', '{"$array":0,"kind":"Uint8Array","length":-1}', '{"$array":0,"kind":"Uint8Array","length":1e300}', '{']) expect(() => decodeMessage(head(json))).toThrow();
  });
});
