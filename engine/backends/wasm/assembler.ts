/** @file A small typed assembler: functions over shared memory, emitted as WebAssembly bytes at run time. No native toolchain. */
import { F32, F64, I32, loadV128, storeOpcodes, simdOpcode, unsigned, V128, valueTypes, type AnyValue, type Bytes, type ValueType } from './values';

export * from './values';

type ValueOf = { i32: I32; f32: F32; f64: F64; v128: V128 };
const classes = { i32: I32, f32: F32, f64: F64, v128: V128 } as const;
const localOf = <T extends ValueType>(type: T, index: number): ValueOf[T] => new classes[type]((out: Bytes) => out.push(0x20, ...unsigned(index)), index) as ValueOf[T];

/** The body of one function. Statements append bytes; values are expressions. */
export class FunctionBuilder {
  readonly code: Bytes = [];
  /** Runs before the code. */
  private readonly prologue: Bytes = [];
  private readonly constants = new Map<number, V128>();
  private readonly localTypes: ValueType[] = [];
  constructor(
    private readonly parameterTypes: readonly ValueType[],
    /** Whether a fused multiply-add of relaxed SIMD may be used. */
    private readonly relaxed: boolean,
    /** Whether the two halves of eight lanes are computed together. */
    private readonly wide: boolean,
  ) {}

  parameter<T extends ValueType>(type: T, index: number): ValueOf[T] {
    return localOf(type, index);
  }
  private declare<T extends ValueType>(type: T, initial?: ValueOf[T]): ValueOf[T] {
    const local = localOf(type, this.parameterTypes.length + this.localTypes.push(type) - 1);
    if (initial) this.set(local, initial);
    return local;
  }
  private declareEight(): V128 {
    const [low, high] = [this.declare('v128'), this.declare('v128')];
    return new V128(low.write, low.local, high);
  }
  i32(initial?: number | I32) {
    return this.declare('i32', initial === undefined ? undefined : I32.of(initial));
  }
  f32(initial?: number | F32) {
    return this.declare('f32', initial === undefined ? undefined : F32.of(initial));
  }
  f64(initial?: number | F64) {
    return this.declare('f64', initial === undefined ? undefined : F64.of(initial));
  }
  /** Of eight lanes where the initial value has eight. */
  v128(initial?: number | V128): V128 {
    if (!(initial instanceof V128 && initial.high)) return this.declare('v128', initial === undefined ? undefined : V128.of(initial));
    const local = this.declareEight();
    this.set(local, initial);
    return local;
  }
  /** A local of eight lanes; in a function that is called for each half, of that half. */
  eight(initial?: number): V128 {
    if (!this.wide) return this.v128(initial);
    const local = this.declareEight();
    if (initial !== undefined) this.set(local, this.inEight(initial));
    return local;
  }
  /** One number in all lanes. */
  inEight(value: number): V128 {
    const low = V128.of(value);
    return this.wide ? new V128(low.write, undefined, low) : low;
  }
  /** Eight lanes in a row; in a function that is called for each half, that half. */
  loadEight(pointer: I32, offset = 0): V128 {
    const low = loadV128(pointer, offset);
    return this.wide ? new V128(low.write, undefined, loadV128(pointer, offset + 16)) : low;
  }
  /** One number in four lanes, made once when the function starts: inside a loop it would be put together anew each time. */
  constant(value: number): V128 {
    if (!this.constants.has(value)) {
      const local = this.declare('v128');
      V128.of(value).write(this.prologue);
      this.prologue.push(0x21, ...unsigned(local.local!));
      this.constants.set(value, local);
    }
    return this.constants.get(value)!;
  }
  set<V extends AnyValue>(local: V, value: V): void {
    if (local.local === undefined) throw new Error('only a local variable can be set');
    if (value instanceof V128 && value.high && !(local as V128).high) throw new Error('eight lanes would be set in a local of four: make it with eight');
    value.write(this.code);
    this.code.push(0x21, ...unsigned(local.local));
    if (local instanceof V128 && local.high) this.set(local.high, (value as V128).high ?? (value as V128));
  }
  /** local += value, for counters and pointers. */
  advance(local: I32, by: number | I32): void {
    this.set(local, local.add(by));
  }
  store(pointer: I32, value: AnyValue, offset = 0): void {
    if (!(value instanceof V128) || !this.wide) return this.storeAlone(pointer, value, offset);
    if (!value.high) throw new Error('a function of eight lanes would store four: make them with eight, inEight or loadEight');
    // both halves before either is stored: V8 does not join two loads with a store between them
    const stored = value.local === undefined ? this.v128(value) : value;
    stored.halves().forEach((half, n) => this.storeAlone(pointer, half, offset + 16 * n));
  }
  /** Of eight lanes the first half. */
  storeAlone(pointer: I32, value: AnyValue, offset = 0): void {
    pointer.write(this.code);
    value.write(this.code);
    this.code.push(...storeOpcodes[value.type], value.type === 'f64' ? 3 : 2, ...unsigned(offset));
  }
  /** a * b + c, lane by lane: fused where the runtime has relaxed SIMD. */
  multiplyAdd(a: V128, b: V128, c: V128): V128 {
    return this.relaxed ? ofThree(0x105, a, b, c) : c.add(a.mul(b));
  }
  /** c - a * b, likewise. */
  multiplySubtract(a: V128, b: V128, c: V128): V128 {
    return this.relaxed ? ofThree(0x106, a, b, c) : c.sub(a.mul(b));
  }
  if(condition: I32, then: () => void, otherwise?: () => void): void {
    condition.write(this.code);
    this.code.push(0x04, 0x40);
    then();
    if (otherwise) {
      this.code.push(0x05);
      otherwise();
    }
    this.code.push(0x0b);
  }
  /** Repeats while the counter goes down to 0; a number must be at least 1, a value may be 0. */
  times(count: number | I32, body: () => void): void {
    const left = this.i32(count);
    const loop = () => {
      this.code.push(0x03, 0x40);
      body();
      this.set(left, left.sub(1));
      left.write(this.code);
      this.code.push(0x0d, 0, 0x0b);
    };
    if (typeof count === 'number') loop();
    else this.if(left.gt(0), loop);
  }
  /** for (i = from; i < to; i += step), signed. */
  for(from: number | I32, to: number | I32, step: number, body: (i: I32) => void): void {
    const i = this.i32(from);
    const end = typeof to === 'number' ? I32.of(to) : this.i32(to);
    this.if(i.lt(end), () => {
      this.code.push(0x03, 0x40);
      body(i);
      this.advance(i, step);
      i.lt(end).write(this.code);
      this.code.push(0x0d, 0, 0x0b);
    });
  }
  fillZero(pointer: I32, byteLength: number | I32): void {
    pointer.write(this.code);
    I32.of(0).write(this.code);
    I32.of(byteLength).write(this.code);
    this.code.push(0xfc, 11, 0);
  }
  copy(to: I32, from: I32, byteLength: number | I32): void {
    to.write(this.code);
    from.write(this.code);
    I32.of(byteLength).write(this.code);
    this.code.push(0xfc, 10, 0, 0);
  }
  call(target: FunctionReference, ...args: AnyValue[]): void {
    this.callHalves(target, undefined, args);
  }
  /** As `call`; where the function does one half a call, the second only where `hasSecond` is not 0. */
  callHalves({ index, secondCall }: FunctionReference, hasSecond: I32 | undefined, args: readonly AnyValue[]): void {
    const call = (values: readonly AnyValue[]): void => {
      for (const value of values) value.write(this.code);
      this.code.push(0x10, ...unsigned(index));
    };
    call(args);
    if (!secondCall) return;
    const second = () => call(args.map((arg, n) => (secondCall[n] ? (arg as I32).add(secondCall[n]) : arg)));
    if (hasSecond) this.if(hasSecond, second);
    else second();
  }
  body(): Bytes {
    const bytes = [...unsigned(this.localTypes.length), ...this.localTypes.flatMap((type) => [1, valueTypes[type]])];
    for (const byte of this.prologue) bytes.push(byte);
    for (const byte of this.code) bytes.push(byte);
    bytes.push(0x0b);
    return bytes;
  }
}

const ofThree = (opcode: number, a: V128, b: V128, c: V128): V128 =>
  V128.lanewise((...halves) => new V128((out) => {
    for (const half of halves) half.write(out);
    out.push(...simdOpcode(opcode));
  }), a, b, c);

export interface FunctionReference {
  readonly index: number;
  /** Of a function of eight lanes that does one half a call: how many bytes further each parameter points in the second call. */
  readonly secondCall?: readonly number[];
}
/** A function of the host usable in kernels; only what WebAssembly lacks. */
export const naturalLogarithm = { index: 0 } as const;
/** log(x) of a float64. */
export const log = (x: F64): F64 =>
  new F64((out) => {
    x.write(out);
    out.push(0x10, ...unsigned(naturalLogarithm.index));
  });

const importedFunctions = 1;
type FieldType = 'i32' | 'f32';
export type Fields = Record<string, FieldType>;
/** One entry point of a module: called once for each work item, by whichever thread takes it. */
export interface Kernel<F extends Fields> {
  readonly name: string;
  readonly fields: F;
}
type FieldValues<F extends Fields> = { [K in keyof F]: ValueOf[F[K]] };

/** Collects functions and emits the module. */
export class ModuleBuilder {
  private readonly functions: { types: ValueType[]; body: Bytes; exported?: string }[] = [];
  constructor(
    readonly relaxed = false,
    readonly wide = false,
  ) {}

  /** An internal function without result. */
  function(types: readonly ValueType[], build: (f: FunctionBuilder, ...parameters: never[]) => void): FunctionReference {
    return this.add(types, build as (f: FunctionBuilder, ...parameters: AnyValue[]) => void);
  }
  /**
   * An internal function of integers that computes with eight lanes at a time (`eight`, `loadEight`): both halves together, or one a call, the same bits either way.
   * @param halfBytes how many bytes behind the first half each parameter finds the second, 0 for what both share
   */
  functionOfEight(halfBytes: readonly number[], build: (f: FunctionBuilder, ...parameters: I32[]) => void): FunctionReference {
    const { index } = this.add(halfBytes.map(() => 'i32' as const), build as (f: FunctionBuilder, ...parameters: AnyValue[]) => void, undefined, this.wide);
    return this.wide ? { index } : { index, secondCall: halfBytes };
  }
  /** An exported kernel: (parameters, item, scratch) with the parameter block read into locals. Fields are 4 bytes each, in order. */
  kernel<F extends Fields>(name: string, fields: F, build: (f: FunctionBuilder, p: FieldValues<F>, item: I32, scratch: I32) => void): Kernel<F> {
    this.add(
      ['i32', 'i32', 'i32'],
      (f, block, item, scratch) => {
        const values = Object.fromEntries(
          Object.entries(fields).map(([key, type], i) => {
            const local = type === 'i32' ? f.i32() : f.f32();
            const load = new classes[type]((out: Bytes) => {
              block!.write(out);
              out.push(type === 'i32' ? 0x28 : 0x2a, 2, ...unsigned(i * 4));
            });
            f.set(local, load as never);
            return [key, local];
          }),
        ) as FieldValues<F>;
        build(f, values, item as I32, scratch as I32);
      },
      name,
    );
    return { name, fields };
  }
  private add(types: readonly ValueType[], build: (f: FunctionBuilder, ...parameters: AnyValue[]) => void, exported?: string, wide = false): FunctionReference {
    const f = new FunctionBuilder(types, this.relaxed, wide);
    build(f, ...types.map((type, i) => f.parameter(type, i)));
    this.functions.push({ types: [...types], body: f.body(), exported });
    return { index: importedFunctions + this.functions.length - 1 };
  }
  bytes(): Uint8Array<ArrayBuffer> {
    const vector = (items: Bytes[]): Bytes => [...unsigned(items.length), ...items.flat()];
    const text = (s: string): Bytes => [...unsigned(s.length), ...new TextEncoder().encode(s)];
    const section = (id: number, body: Bytes): Bytes => [id, ...unsigned(body.length), ...body];
    const types = [[0x60, 1, valueTypes.f64, 1, valueTypes.f64], ...this.functions.map(({ types }) => [0x60, ...unsigned(types.length), ...types.map((t) => valueTypes[t]), 0])];
    const imports = [
      [...text('env'), ...text('memory'), 2, 3, ...unsigned(1), ...unsigned(65536)],
      [...text('env'), ...text('log'), 0, 0],
    ];
    const exports = this.functions.flatMap(({ exported }, i) => (exported ? [[...text(exported), 0, ...unsigned(importedFunctions + i)]] : []));
    const parts: Bytes[] = [
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, vector(types)),
      section(2, vector(imports)),
      section(3, vector(this.functions.map((_, i) => unsigned(i + 1)))),
      section(7, vector(exports)),
    ];
    // bodies are long: joined without spreading, which would overflow the stack
    const bodies = this.functions.map(({ body }) => [unsigned(body.length), body] as const);
    const codeLength = bodies.reduce((sum, [head, body]) => sum + head.length + body.length, unsigned(bodies.length).length);
    const all: Bytes = parts.flat();
    all.push(10, ...unsigned(codeLength), ...unsigned(bodies.length));
    for (const [head, body] of bodies) {
      for (const byte of head) all.push(byte);
      for (const byte of body) all.push(byte);
    }
    return Uint8Array.from(all);
  }
}

/** Whether this runtime has relaxed SIMD (fused multiply-add): Node 22 and up, Electron. */
export function hasRelaxedSimd(): boolean {
  const m = new ModuleBuilder(true);
  m.kernel('probe', {}, (f, _p, item) => {
    const a = f.v128(0);
    f.store(item, f.multiplyAdd(a, a, a));
  });
  return WebAssembly.validate(m.bytes());
}
