/** @file Messages that carry binary volumes over one binary channel: JSON with typed arrays lifted out behind it. */

type Typed = Uint8Array | Int16Array | Uint16Array | Int32Array | Float32Array | Float64Array;
const kinds = { Uint8Array, Int16Array, Uint16Array, Int32Array, Float32Array, Float64Array } as const;
type Kind = keyof typeof kinds;
const isTyped = (value: unknown): value is Typed => ArrayBuffer.isView(value) && value.constructor.name in kinds;

/** One message as bytes: uint32 length of the JSON (little-endian), the JSON, then each array at a multiple of 8 bytes. */
export function encodeMessage(message: unknown): Uint8Array<ArrayBuffer> {
  const arrays: Typed[] = [];
  const json = JSON.stringify(message, (_key, value: unknown) => {
    if (isTyped(value)) return { $array: arrays.push(value) - 1, kind: value.constructor.name, length: value.length };
    return value;
  });
  const head = new TextEncoder().encode(json);
  const start = align(4 + head.length);
  const bytes = new Uint8Array(arrays.reduce((at, array) => align(at + array.byteLength), start));
  new DataView(bytes.buffer).setUint32(0, head.length, true);
  bytes.set(head, 4);
  let at = start;
  for (const array of arrays) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at = align(at + array.byteLength);
  }
  return bytes;
}

/** The message again; throws RangeError or SyntaxError on bytes that are not one. */
export function decodeMessage(bytes: Uint8Array): unknown {
  const headLength = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  if (4 + headLength > bytes.length) throw new RangeError('message is shorter than it says');
  const json = new TextDecoder().decode(bytes.subarray(4, 4 + headLength));
  const found: { slot: Record<string, unknown>; key: string; kind: Kind; length: number; index: number }[] = [];
  const message = JSON.parse(json, function (this: Record<string, unknown>, key, value: unknown) {
    if (typeof value === 'object' && value !== null && '$array' in value) {
      const { $array: index, kind, length } = value as { $array: number; kind: Kind; length: number };
      if (!Object.hasOwn(kinds, kind) || !Number.isSafeInteger(length) || length < 0) throw new RangeError('message holds an array of unknown kind');
      found.push({ slot: this, key, kind, length, index });
    }
    return value;
  }) as unknown;
  let at = align(4 + headLength);
  const arrays = found
    .sort((a, b) => a.index - b.index)
    .map(({ slot, key, kind, length }) => {
      const byteLength = length * kinds[kind].BYTES_PER_ELEMENT;
      if (at + byteLength > bytes.length) throw new RangeError('message is shorter than it says');
      // a copy; bytes.slice would share memory where the bytes are a Buffer of Node's
      const array = new kinds[kind](Uint8Array.from(bytes.subarray(at, at + byteLength)).buffer);
      at = align(at + byteLength);
      return { slot, key, array };
    });
  for (const { slot, key, array } of arrays) slot[key] = array;
  return message;
}

const align = (offset: number): number => Math.ceil(offset / 8) * 8;
