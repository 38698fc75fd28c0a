/** @file Reads a zip archive held in memory: stored and deflated entries, each checked against its CRC-32. Source: PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16. */
import { crc32, inflateRawSync } from 'node:zlib';
import { badInput } from '../contract/problem';

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
const [endLength, entryLength, localLength] = [22, 46, 30];
const maximumComment = 0xffff;

/**
 * The entries by name, each read when asked for. Archives of 4 GiB and more, in parts or encrypted are not read.
 * @param fileName names the file in messages; without its folder
 * @throws GyraError where the bytes are no zip archive or are damaged; reading an entry throws where that entry is
 */
export function zipEntries(bytes: Uint8Array, fileName: string): Map<string, () => Uint8Array> {
  const damaged = () => badInput(`${fileName} is damaged: it is cut short or was changed after it was written.`, 'Copy or download the file again.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const need = (from: number, length: number): void => {
    if (from + length > bytes.length) throw damaged();
  };
  let end = bytes.length - endLength;
  while (end >= 0 && end > bytes.length - endLength - maximumComment && view.getUint32(end, true) !== endSignature) end--;
  if (end < 0 || view.getUint32(end, true) !== endSignature) throw damaged();
  const entries = new Map<string, () => Uint8Array>();
  let at = view.getUint32(end + 16, true);
  for (let count = view.getUint16(end + 10, true); count > 0; count--) {
    need(at, entryLength);
    if (view.getUint32(at, true) !== entrySignature) throw damaged();
    const [flags, method, checksum, packed, size] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true), view.getUint32(at + 16, true), view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const [nameLength, extraLength, commentLength, local] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true), view.getUint16(at + 32, true), view.getUint32(at + 42, true)];
    need(at, entryLength + nameLength);
    const name = new TextDecoder().decode(bytes.subarray(at + entryLength, at + entryLength + nameLength));
    at += entryLength + nameLength + extraLength + commentLength;
    entries.set(name, () => {
      need(local, localLength);
      // the local header has its own extra field: PyTorch pads it so that data are aligned
      const start = local + localLength + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
      need(start, packed);
      if (view.getUint32(local, true) !== localSignature || (flags & 1) !== 0 || (method !== 0 && method !== 8)) throw damaged();
      const content = method === 0 ? bytes.subarray(start, start + packed) : inflated(bytes.subarray(start, start + packed), size);
      if (content?.length !== size || crc32(content) !== checksum) throw damaged();
      return content;
    });
  }
  return entries;
}

/** Undefined where the data are no deflate stream or hold more than the directory says. */
function inflated(packed: Uint8Array, size: number): Uint8Array | undefined {
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
  } catch {
    return undefined;
  }
}
