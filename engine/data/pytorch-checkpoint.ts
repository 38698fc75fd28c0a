/**
 * @file Tensors of a PyTorch checkpoint, without Python: a zip archive with a pickle that describes the tensors and one raw little-endian file for each storage.
 * Source: PyTorch, torch/serialization.py; nothing in the file is run.
 */
import { badInput } from '../contract/problem';
import { unpickle } from './pickle';
import { decodeElements, elementBytes, type SafetensorsDtype, type StoredTensor } from './safetensors';
import { zipEntries } from './zip-entries';

const storageTypes: Readonly<Record<string, SafetensorsDtype>> = { FloatStorage: 'F32', DoubleStorage: 'F64', HalfStorage: 'F16', BFloat16Storage: 'BF16', LongStorage: 'I64', IntStorage: 'I32', ByteStorage: 'U8', BoolStorage: 'BOOL' };

/** What a training checkpoint calls its state dict: nnU-Net v1 and Lightning, nnU-Net v2, PyTorch's own examples. */
const wrappers = ['state_dict', 'network_weights', 'model_state_dict', 'model'];

interface Storage {
  readonly dtype: SafetensorsDtype;
  readonly elements: StoredTensor['data'];
}
/** What a pickle says of a tensor, seen from outside it. */
class PickledTensor implements StoredTensor {
  constructor(
    private readonly storage: Storage,
    private readonly offset: number,
    readonly shape: readonly number[],
    private readonly strides: readonly number[],
  ) {}
  get dtype(): SafetensorsDtype {
    return this.storage.dtype;
  }
  /** Row-major, copied. */
  get data(): StoredTensor['data'] {
    const { elements } = this.storage;
    const data = elements.slice(0, this.shape.reduce((product, size) => product * size, 1));
    for (let i = 0; i < data.length; i++) {
      let [rest, from] = [i, this.offset];
      for (let axis = this.shape.length - 1; axis >= 0; axis--) {
        from += (rest % this.shape[axis]) * this.strides[axis];
        rest = Math.floor(rest / this.shape[axis]);
      }
      data[i] = elements[from];
    }
    return data;
  }
}

/**
 * The state dict of a file that holds one, or of a training checkpoint that holds it under one of the usual names (`wrappers`); names lose the `module.` of data-parallel training.
 * @param fileName names the file in messages; without its folder
 * @throws GyraError where the file is cut short, damaged, of another format, or holds anything but plain data and tensors
 */
export function readPytorchCheckpoint(bytes: Uint8Array, fileName: string): Map<string, StoredTensor> {
  if (bytes[0] !== 'P'.charCodeAt(0) || bytes[1] !== 'K'.charCodeAt(0)) throw badInput(`${fileName} is no checkpoint of PyTorch 1.6 or newer.`, 'Give a file written by torch.save; one of an older PyTorch, load it there and save it again with a current one.');
  const damaged = () => badInput(`${fileName} is damaged: a tensor does not fit its storage.`, 'Copy or download the file again.');
  const entries = zipEntries(bytes, fileName);
  const pickle = [...entries.keys()].find((name) => /^[^/]*\/data\.pkl$/.test(name));
  if (pickle === undefined) throw badInput(`${fileName} is a zip archive, but no checkpoint: it holds no data.pkl.`, 'Give a file written by torch.save.');
  const folder = pickle.slice(0, -'data.pkl'.length);
  const order = entries.get(`${folder}byteorder`)?.();
  if (order && new TextDecoder().decode(order).trim() !== 'little') throw badInput(`${fileName} was written on a big-endian machine.`, 'Load it with PyTorch and save it again on another machine.');

  const storages = new Map<string, Storage>();
  const storageOf = (id: unknown): Storage => {
    const [kind, dtype, key, , count] = Array.isArray(id) ? (id as unknown[]) : [];
    if (kind !== 'storage' || !isStorageType(dtype) || typeof key !== 'string' || !isCount(count)) throw damaged();
    const known = storages.get(key);
    if (known) return known;
    const raw = entries.get(`${folder}data/${key}`)?.();
    if (!raw || raw.length < count * elementBytes[dtype.dtype]) throw damaged();
    // copied, so that elements are aligned
    const storage = { dtype: dtype.dtype, elements: decodeElements(dtype.dtype, new Uint8Array(raw.subarray(0, count * elementBytes[dtype.dtype])).buffer) };
    storages.set(key, storage);
    return storage;
  };
  const rebuildTensor = (storage: unknown, offset: unknown, shape: unknown, strides: unknown): PickledTensor => {
    if (!isStorage(storage) || !isCount(offset) || !isCounts(shape) || !isCounts(strides) || shape.length !== strides.length) throw damaged();
    const size = shape.reduce((product, n) => product * n, 1);
    const last = shape.reduce((sum, n, axis) => sum + (n - 1) * strides[axis], offset);
    // no more elements than stored: strides of zero could ask for any number
    if (size > 0 && (last >= storage.elements.length || size > storage.elements.length)) throw damaged();
    return new PickledTensor(storage, offset, shape, strides);
  };
  const nothing = (): null => null;
  const globals = new Map<string, unknown>([
    ['collections OrderedDict', () => new Map()],
    ['torch._utils _rebuild_tensor_v2', rebuildTensor],
    ['torch._utils _rebuild_parameter', (data: unknown) => data],
    ...Object.entries(storageTypes).map(([name, dtype]) => [`torch ${name}`, { dtype }] as const),
    // scalars of NumPy and devices in the records of a training, which are not needed
    ['torch device', nothing],
    ['numpy._core.multiarray scalar', nothing],
    ['numpy.core.multiarray scalar', nothing],
    ['numpy dtype', nothing],
    ['_codecs encode', nothing],
  ]);
  const saved = unpickle(entries.get(pickle)!(), globals, storageOf, fileName);
  const wrapped = saved instanceof Map ? wrappers.map((name) => saved.get(name) as unknown).find((one) => one instanceof Map) : undefined;
  const state: unknown = wrapped ?? saved;
  const tensors = state instanceof Map ? [...state].filter((entry): entry is [string, PickledTensor] => typeof entry[0] === 'string' && entry[1] instanceof PickledTensor) : [];
  if (tensors.length === 0) throw badInput(`${fileName} holds no tensors by name.`, 'Give a file with a state dict: torch.save(network.state_dict(), FILE).');
  return new Map(tensors.map(([name, tensor]) => [name.replace(/^module\./, ''), tensor]));
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isCounts = (value: unknown): value is number[] => Array.isArray(value) && value.every(isCount);
const isStorageType = (value: unknown): value is { dtype: SafetensorsDtype } => typeof value === 'object' && value !== null && 'dtype' in value && !('elements' in value);
const isStorage = (value: unknown): value is Storage => typeof value === 'object' && value !== null && 'elements' in value;
