/** @file PyTorch checkpoints made up for tests, from the instructions of a pickle up: what no torch.save would write can be written too. */
import { crc32, deflateRawSync } from 'node:zlib';

export const bytes = (...parts: (number | Uint8Array)[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => (typeof part === 'number' ? [part] : [...part])));
const uint = (value: number, size: number): Uint8Array => Uint8Array.from({ length: size }, (_, i) => Math.floor(value / 256 ** i) % 256);
const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value);

export const int = (value: number): Uint8Array => bytes(0x4a, uint(value, 4));
export const text = (value: string): Uint8Array => bytes(0x58, uint(utf8(value).length, 4), utf8(value));
export const tuple = (...items: Uint8Array[]): Uint8Array => bytes(0x28, ...items, 0x74);
export const list = (...items: Uint8Array[]): Uint8Array => bytes(0x5d, 0x28, ...items, 0x65);
export const globalOf = (module: string, name: string): Uint8Array => bytes(0x63, utf8(`${module}\n${name}\n`));
export const reduce = (called: Uint8Array, args: Uint8Array): Uint8Array => bytes(called, args, 0x52);
export const persistent = (id: Uint8Array): Uint8Array => bytes(id, 0x51);
export const float32Storage = (values: Float32Array): Uint8Array => new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

/** A file with a dictionary, or with one value that is none. */
export function writeCheckpointFile(content: Record<string, Uint8Array> | Uint8Array, storages: Record<string, Uint8Array>): Uint8Array {
  const value = content instanceof Uint8Array ? content : bytes(0x7d, 0x28, ...Object.entries(content).flatMap(([name, item]) => [text(name), item]), 0x75);
  return zipFile({ 'made/data.pkl': bytes(0x80, 2, value, 0x2e), 'made/byteorder': utf8('little'), ...Object.fromEntries(Object.entries(storages).map(([key, raw]) => [`made/data/${key}`, raw])), 'made/version': utf8('3\n') });
}

export function zipFile(files: Record<string, Uint8Array>, isPacked = false): Uint8Array {
  let length = 0;
  const parts = Object.entries(files).map(([name, content]) => {
    const packed = isPacked ? new Uint8Array(deflateRawSync(content)) : content;
    const shared = bytes(uint(20, 2), uint(0, 2), uint(isPacked ? 8 : 0, 2), uint(0, 4), uint(crc32(content), 4), uint(packed.length, 4), uint(content.length, 4), uint(utf8(name).length, 2));
    const local = bytes(uint(0x04034b50, 4), shared, uint(0, 2), utf8(name), packed);
    const central = bytes(uint(0x02014b50, 4), uint(20, 2), shared, uint(0, 12), uint(length, 4), utf8(name));
    length += local.length;
    return { local, central };
  });
  const directory = bytes(...parts.map(({ central }) => central));
  return bytes(...parts.map(({ local }) => local), directory, uint(0x06054b50, 4), uint(0, 4), uint(parts.length, 2), uint(parts.length, 2), uint(directory.length, 4), uint(length, 4), uint(0, 2));
}
