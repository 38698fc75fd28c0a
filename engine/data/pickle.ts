/**
 * @file A pickle as plain values, protocols 2 to 5 as far as PyTorch writes them. It is a list of instructions for a stack machine; only those that build plain data are
 * known here, and the only things called are the functions handed in. Source: CPython, Lib/pickletools.py.
 */
import { badInput } from '../contract/problem';

/** What a pickle may name, by module and name (`collections OrderedDict`): a function is called with the arguments in the file, anything else is only passed on. */
export type PickleGlobals = ReadonlyMap<string, unknown>;

/**
 * Dictionaries become Maps, lists and tuples arrays, bytes Uint8Arrays. The state an object would be given after its construction is dropped.
 * @param persistent what a persistent id stands for
 * @throws GyraError where an instruction or a global is not known, or the bytes end too early
 */
export function unpickle(bytes: Uint8Array, globals: PickleGlobals, persistent: (id: unknown) => unknown, fileName: string): unknown {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const damaged = (): Error => badInput(`${fileName} is damaged: its list of contents cannot be followed.`, 'Copy or download the file again.');
  const foreign = (what: string): Error => badInput(`${fileName} was not read: it holds ${what}, which is no plain tensor.`, 'Save the state dict alone in PyTorch, torch.save(network.state_dict(), FILE), and give that file. Nothing in the file was run.');
  const stack: unknown[] = [];
  /** Stack sizes at each open mark. */
  const marks: number[] = [];
  const memo = new Map<number, unknown>();
  let at = 0;
  const take = (count: number): number => {
    const from = at;
    at += count;
    if (at > bytes.length) throw damaged();
    return from;
  };
  const byte = (): number => view.getUint8(take(1));
  const length = (): number => view.getUint32(take(4), true);
  const text = (count: number): string => new TextDecoder().decode(slice(count));
  const slice = (count: number): Uint8Array => {
    const from = take(count);
    return bytes.subarray(from, at);
  };
  const line = (): string => {
    const end = bytes.indexOf(0x0a, at);
    if (end < 0) throw damaged();
    const read = text(end - at);
    at = end + 1;
    return read;
  };
  const pop = (): unknown => {
    if (stack.length <= (marks.at(-1) ?? 0)) throw damaged();
    return stack.pop();
  };
  const popMark = (): unknown[] => {
    const mark = marks.pop();
    if (mark === undefined) throw damaged();
    return stack.splice(mark);
  };
  const tuple = (count: number): void => void stack.push(Array.from({ length: count }, pop).reverse());
  const append = (values: unknown[]): void => {
    const list = stack.at(-1);
    if (!Array.isArray(list)) throw damaged();
    for (const value of values) list.push(value);
  };
  const set = (pairs: unknown[]): void => {
    const map = stack.at(-1);
    if (!(map instanceof Map) || pairs.length % 2 !== 0) throw damaged();
    for (let i = 0; i < pairs.length; i += 2) map.set(pairs[i], pairs[i + 1]);
  };
  const remember = (key: number): void => {
    if (stack.length === 0) throw damaged();
    memo.set(key, stack.at(-1));
  };
  const recall = (key: number): void => {
    if (!memo.has(key)) throw damaged();
    stack.push(memo.get(key));
  };
  const reduce = (): void => {
    const args = pop();
    const called = pop();
    if (typeof called !== 'function' || !Array.isArray(args)) throw damaged();
    stack.push((called as (...given: unknown[]) => unknown)(...(args as unknown[])));
  };
  const find = (module: string, name: string): void => {
    if (!globals.has(`${module} ${name}`)) throw foreign(`the class ${`${module}.${name}`.slice(0, 80)}`);
    stack.push(globals.get(`${module} ${name}`));
  };
  const instructions = new Map<number, () => void>([
    [0x80, () => void byte()], // PROTO
    [0x95, () => void take(8)], // FRAME
    [0x28, () => void marks.push(stack.length)], // MARK
    [0x4e, () => void stack.push(null)], // NONE
    [0x88, () => void stack.push(true)], // NEWTRUE
    [0x89, () => void stack.push(false)], // NEWFALSE
    [0x4b, () => void stack.push(byte())], // BININT1
    [0x4d, () => void stack.push(view.getUint16(take(2), true))], // BININT2
    [0x4a, () => void stack.push(view.getInt32(take(4), true))], // BININT
    [0x8a, () => void stack.push(slice(byte()).reduceRight((sum, part, i, all) => sum * 256 + (i === all.length - 1 && part > 127 ? part - 256 : part), 0))], // LONG1
    [0x47, () => void stack.push(view.getFloat64(take(8)))], // BINFLOAT
    [0x58, () => void stack.push(text(length()))], // BINUNICODE
    [0x55, () => void stack.push(text(byte()))], // SHORT_BINSTRING
    [0x8c, () => void stack.push(text(byte()))], // SHORT_BINUNICODE
    [0x42, () => void stack.push(slice(length()))], // BINBYTES
    [0x43, () => void stack.push(slice(byte()))], // SHORT_BINBYTES
    [0x29, () => void stack.push([])], // EMPTY_TUPLE
    [0x5d, () => void stack.push([])], // EMPTY_LIST
    [0x7d, () => void stack.push(new Map())], // EMPTY_DICT
    [0x85, () => tuple(1)], // TUPLE1
    [0x86, () => tuple(2)], // TUPLE2
    [0x87, () => tuple(3)], // TUPLE3
    [0x74, () => void stack.push(popMark())], // TUPLE
    [0x61, () => append([pop()])], // APPEND
    [0x65, () => append(popMark())], // APPENDS
    [0x73, () => set([pop(), pop()].reverse())], // SETITEM
    [0x75, () => set(popMark())], // SETITEMS
    [0x71, () => remember(byte())], // BINPUT
    [0x72, () => remember(length())], // LONG_BINPUT
    [0x94, () => remember(memo.size)], // MEMOIZE
    [0x68, () => recall(byte())], // BINGET
    [0x6a, () => recall(length())], // LONG_BINGET
    [0x51, () => void stack.push(persistent(pop()))], // BINPERSID
    [0x62, () => void pop()], // BUILD
    [0x52, reduce], // REDUCE
    [0x63, () => find(line(), line())], // GLOBAL
    [
      0x93, // STACK_GLOBAL
      () => {
        const [name, module] = [pop(), pop()];
        if (typeof module !== 'string' || typeof name !== 'string') throw damaged();
        find(module, name);
      },
    ],
  ]);
  const stop = 0x2e;
  for (let code = byte(); code !== stop; code = byte()) {
    const instruction = instructions.get(code);
    if (!instruction) throw foreign(`the pickle instruction 0x${code.toString(16).padStart(2, '0')}`);
    instruction();
  }
  return pop();
}
