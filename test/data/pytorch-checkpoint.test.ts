import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readPytorchCheckpoint } from '../../engine/data/pytorch-checkpoint';
import { zipEntries } from '../../engine/data/zip-entries';
import { sharedPath } from '../support/shared-folder';
import { bytes, float32Storage, globalOf, int, list, persistent, reduce, text, tuple, writeCheckpointFile, zipFile } from '../support/pytorch-file';

const golden = readFileSync(fileURLToPath(new URL('../golden/unet_checkpoint_wrapped.pt', import.meta.url)));
const tensor = (key: string, count: number, shape: number[], strides: number[], offset = 0): Uint8Array =>
  reduce(globalOf('torch._utils', '_rebuild_tensor_v2'), tuple(persistent(tuple(text('storage'), globalOf('torch', 'FloatStorage'), text(key), text('cpu'), int(count))), int(offset), tuple(...shape.map(int)), tuple(...strides.map(int)), int(0), tuple()));
const file = (pickle: Record<string, Uint8Array>, storages: Record<string, Float32Array> = { 0: Float32Array.of(0, 1, 2, 3, 4, 5) }): Uint8Array => writeCheckpointFile(pickle, Object.fromEntries(Object.entries(storages).map(([key, values]) => [key, float32Storage(values)])));

describe('a PyTorch checkpoint', () => {
  it('wrapped by nnU-Net gives its state dict', () => {
    const tensors = readPytorchCheckpoint(golden, 'model.pt');
    expect([...tensors.get('down.down_blocks.0.conv1.weight')!.shape]).toEqual([3, 10]);
    expect(tensors.get('bias')!.data).toBeInstanceOf(Float32Array);
    expect(tensors.get('down.down_blocks.0.conv1.lattice')!.data.slice(0, 3)).toEqual(Float32Array.of(-1, -1, -1));
    expect(tensors.has('state_dict')).toBe(false);
  });
  it('may hold views: strides and offsets are followed, shared storages read once', () => {
    const tensors = readPytorchCheckpoint(file({ 'module.a': tensor('0', 6, [3, 2], [1, 3]), b: tensor('0', 6, [2], [2], 1), c: tensor('0', 6, [], []), d: tensor('0', 6, [0, 2], [2, 1]) }), 'a.pt');
    expect([...tensors].map(([name, { shape, data }]) => [name, shape, [...(data as Float32Array)]])).toEqual([['a', [3, 2], [0, 3, 1, 4, 2, 5]], ['b', [2], [1, 3]], ['c', [], [0]], ['d', [0, 2], []]]);
  });
  it('may be wrapped as nnU-Net v2 writes it, beside the device it trained on', () => {
    const state = bytes(0x7d, text('module.a'), tensor('0', 6, [2], [1]), 0x73);
    const tensors = readPytorchCheckpoint(file({ init_args: reduce(globalOf('torch', 'device'), tuple(text('cpu'))), network_weights: state }), 'checkpoint_final.pth');
    expect([...tensors].map(([name, { data }]) => [name, [...(data as Float32Array)]])).toEqual([['a', [0, 1]]]);
  });
  it('may be a pickle of protocol 4: framed, memoised, its classes named from the stack', () => {
    const framed = (...parts: (number | Uint8Array)[]): Uint8Array => bytes(0x95, new Uint8Array(8), ...parts);
    const short = (value: string): Uint8Array => bytes(0x8c, value.length, new TextEncoder().encode(value), 0x94);
    const stackGlobal = (module: string, name: string): Uint8Array => bytes(short(module), short(name), 0x93, 0x94);
    const storage = persistent(tuple(short('storage'), stackGlobal('torch', 'FloatStorage'), short('0'), short('cpu'), int(6)));
    // the second that is memoised is the name `a`
    const state = framed(0x7d, 0x94, short('a'), reduce(stackGlobal('torch._utils', '_rebuild_tensor_v2'), tuple(storage, int(1), tuple(int(2)), tuple(int(3)), int(0), tuple())), 0x73, short('note'), bytes(0x43, 2, 7, 7), 0x73, short('name'), 0x68, 1, 0x73);
    const tensors = readPytorchCheckpoint(writeCheckpointFile(state, { 0: float32Storage(Float32Array.of(0, 1, 2, 3, 4, 5)) }), 'p4.pt');
    expect([...tensors].map(([name, { data }]) => [name, [...(data as Float32Array)]])).toEqual([['a', [1, 4]]]);
  });
  it('may hold bfloat16', () => {
    const half = reduce(globalOf('torch._utils', '_rebuild_tensor_v2'), tuple(persistent(tuple(text('storage'), globalOf('torch', 'BFloat16Storage'), text('0'), text('cpu'), int(3))), int(0), tuple(int(3)), tuple(int(1)), int(0), tuple()));
    const { dtype, data } = readPytorchCheckpoint(writeCheckpointFile({ a: half }, { 0: Uint8Array.of(0x80, 0x3f, 0x20, 0xc0, 0, 0x80) }), 'a.pt').get('a')!;
    expect([dtype, ...(data as Float32Array)]).toEqual(['BF16', 1, -2.5, -0]);
  });
  it('is compressed or not', () => {
    const packed = zipFile({ 'x/a': new Uint8Array(1000).fill(7), 'x/b': Uint8Array.of(1) }, true);
    expect(packed.length).toBeLessThan(500);
    expect([...zipEntries(packed, 'a.zip').get('x/a')!()]).toEqual(Array(1000).fill(7));
  });

  const evil = reduce(globalOf('os', 'system'), tuple(text('touch /tmp/gyra-was-here')));
  const cases: [string, Uint8Array, RegExp][] = [
    ['a call of os.system', file({ a: evil }), /holds the class os\.system/],
    ['a call of builtins.eval inside a tensor', file({ a: reduce(globalOf('torch._utils', '_rebuild_tensor_v2'), tuple(reduce(globalOf('builtins', 'eval'), tuple(text('1'))))) }), /builtins\.eval/],
    ['a call of what is no function', file({ a: reduce(globalOf('torch', 'FloatStorage'), tuple()) }), /list of contents/],
    ['an instruction that PyTorch does not write', file({ a: Uint8Array.of(0x81) }), /pickle instruction 0x81/],
    ['a tensor larger than its storage', file({ a: tensor('0', 6, [7], [1]) }), /does not fit its storage/],
    ['a tensor of a billion elements out of one', file({ a: tensor('0', 6, [1_000_000_000], [0]) }), /does not fit its storage/],
    ['a storage shorter than it says', file({ a: tensor('0', 600, [2], [1]) }), /does not fit its storage/],
    ['a storage that is not there', file({ a: tensor('../../etc/passwd', 1, [1], [1]) }), /does not fit its storage/],
    ['no tensors', file({ a: int(3) }), /no tensors by name/],
    ['a list in place of names', writeCheckpointFile(list(int(1)), {}), /no tensors by name/],
    ['no data.pkl', zipFile({ 'x/y': new Uint8Array(4) }), /holds no data\.pkl/],
    ['text', new TextEncoder().encode('hello'), /no checkpoint of PyTorch 1\.6/],
    ['the format of older PyTorch', Uint8Array.of(0x80, 0x02, 0x8a, 0x0a, 0x6c), /no checkpoint of PyTorch 1\.6/],
    ['nothing', new Uint8Array(0), /no checkpoint of PyTorch 1\.6/],
  ];
  it.each(cases)('with %s is refused, naming file and remedy', (_what, bytes, message) => {
    expect(() => readPytorchCheckpoint(bytes, 'bad.pt')).toThrow(expect.objectContaining({ name: 'GyraError', code: 'bad-input', message: expect.stringMatching(message), remedy: expect.stringMatching(/\.$/) }));
    expect(() => readPytorchCheckpoint(bytes, 'bad.pt')).toThrow(/^bad\.pt /);
  });

  it('cut short anywhere is refused', () => {
    for (let kept = 0; kept < golden.length; kept += 997) expect(() => readPytorchCheckpoint(golden.subarray(0, kept), 'cut.pt')).toThrow(/^cut\.pt is (damaged|no checkpoint)/);
  });
  it('with one bit of what it holds turned is refused', () => {
    const at = golden.indexOf('byteorder') - 2000; // inside data.pkl, which comes first
    for (const place of [at, 5000]) {
      const changed = Uint8Array.from(golden);
      changed[place] ^= 4;
      expect(() => readPytorchCheckpoint(changed, 'bit.pt')).toThrow(/^bit\.pt is damaged/);
    }
  });
});

const plain = sharedPath('fixtures/unet_checkpoint.pt');
it.skipIf(!plain)('a plain state dict as torch.save writes it is read whole', () => {
  const tensors = readPytorchCheckpoint(readFileSync(plain!), 'unet_checkpoint.pt');
  expect(tensors.get('up.up_blocks.0.conv1.weight')!.shape).toEqual([5, 1008]);
  for (const { shape, data } of tensors.values()) expect(data.length).toBe(shape.reduce((product, size) => product * size, 1));
});
