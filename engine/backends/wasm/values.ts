/** @file Typed WebAssembly expressions: a tree that writes its own bytes when a statement uses it. */

export type Bytes = number[];
export const valueTypes = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = keyof typeof valueTypes;

/** Unsigned LEB128. */
export function unsigned(n: number): Bytes {
  const bytes: Bytes = [];
  do {
    const low = n % 128;
    n = Math.floor(n / 128);
    bytes.push(n ? low | 128 : low);
  } while (n);
  return bytes;
}
/** Signed LEB128 of a 32-bit integer. */
export function signed(n: number): Bytes {
  const bytes: Bytes = [];
  for (n |= 0; ; ) {
    const low = n & 127;
    n >>= 7;
    if ((n === 0 && !(low & 64)) || (n === -1 && low & 64)) {
      bytes.push(low);
      return bytes;
    }
    bytes.push(low | 128);
  }
}
const float32Bytes = (x: number): Bytes => [...new Uint8Array(new Float32Array([x]).buffer)];
const float64Bytes = (x: number): Bytes => [...new Uint8Array(new Float64Array([x]).buffer)];

abstract class Value {
  abstract readonly type: ValueType;
  constructor(
    readonly write: (out: Bytes) => void,
    /** Index when this is a local variable, which only then can be set. */
    readonly local?: number,
  ) {}
}

const binary = (a: Value, b: Value, ...op: Bytes) => (out: Bytes) => {
  a.write(out);
  b.write(out);
  out.push(...op);
};
const unary = (a: Value, ...op: Bytes) => (out: Bytes) => {
  a.write(out);
  out.push(...op);
};
const simd = (code: number): Bytes => [0xfd, ...unsigned(code)];

export class I32 extends Value {
  readonly type = 'i32';
  static of(n: number | I32): I32 {
    return n instanceof I32 ? n : new I32((out) => out.push(0x41, ...signed(n)));
  }
  private with(other: number | I32, op: number) {
    return new I32(binary(this, I32.of(other), op));
  }
  add(b: number | I32): I32 {
    return b === 0 ? this : this.with(b, 0x6a);
  }
  sub(b: number | I32) {
    return this.with(b, 0x6b);
  }
  mul(b: number | I32): I32 {
    return b === 1 ? this : this.with(b, 0x6c);
  }
  /** Unsigned quotient and remainder. */
  div(b: number | I32) {
    return this.with(b, 0x6e);
  }
  rem(b: number | I32) {
    return this.with(b, 0x70);
  }
  and(b: number | I32) {
    return this.with(b, 0x71);
  }
  or(b: number | I32) {
    return this.with(b, 0x72);
  }
  xor(b: number | I32) {
    return this.with(b, 0x73);
  }
  shl(b: number | I32) {
    return this.with(b, 0x74);
  }
  shr(b: number | I32) {
    return this.with(b, 0x76);
  }
  eq(b: number | I32) {
    return this.with(b, 0x46);
  }
  /** Signed comparisons: offsets may be negative; pointers must not be compared. */
  lt(b: number | I32) {
    return this.with(b, 0x48);
  }
  gt(b: number | I32) {
    return this.with(b, 0x4a);
  }
  le(b: number | I32) {
    return this.with(b, 0x4c);
  }
  ge(b: number | I32) {
    return this.with(b, 0x4e);
  }
  min(b: I32 | number) {
    const other = I32.of(b);
    return this.lt(other).choose(this, other);
  }
  max(b: I32 | number) {
    const other = I32.of(b);
    return this.gt(other).choose(this, other);
  }
  /** `this` non-zero ? a : b; both are evaluated. */
  choose(a: I32 | number, b: I32 | number): I32 {
    return new I32((out) => {
      I32.of(a).write(out);
      I32.of(b).write(out);
      this.write(out);
      out.push(0x1b);
    });
  }
  toF32() {
    return new F32(unary(this, 0xb2));
  }
  toF64() {
    return new F64(unary(this, 0xb7));
  }
}

export class F32 extends Value {
  readonly type = 'f32';
  static of(x: number | F32): F32 {
    return x instanceof F32 ? x : new F32((out) => out.push(0x43, ...float32Bytes(x)));
  }
  private with(b: number | F32, op: number) {
    return new F32(binary(this, F32.of(b), op));
  }
  private compare(b: number | F32, op: number) {
    return new I32(binary(this, F32.of(b), op));
  }
  add(b: number | F32) {
    return this.with(b, 0x92);
  }
  sub(b: number | F32) {
    return this.with(b, 0x93);
  }
  mul(b: number | F32) {
    return this.with(b, 0x94);
  }
  div(b: number | F32) {
    return this.with(b, 0x95);
  }
  min(b: number | F32) {
    return this.with(b, 0x96);
  }
  max(b: number | F32) {
    return this.with(b, 0x97);
  }
  sqrt() {
    return new F32(unary(this, 0x91));
  }
  neg() {
    return new F32(unary(this, 0x8c));
  }
  lt(b: number | F32) {
    return this.compare(b, 0x5d);
  }
  gt(b: number | F32) {
    return this.compare(b, 0x5e);
  }
  ge(b: number | F32) {
    return this.compare(b, 0x60);
  }
  toF64() {
    return new F64(unary(this, 0xbb));
  }
  splat() {
    return new V128(unary(this, ...simd(0x13)));
  }
  choose(condition: I32, otherwise: F32): F32 {
    return new F32((out) => {
      this.write(out);
      otherwise.write(out);
      condition.write(out);
      out.push(0x1b);
    });
  }
}

export class F64 extends Value {
  readonly type = 'f64';
  static of(x: number | F64): F64 {
    return x instanceof F64 ? x : new F64((out) => out.push(0x44, ...float64Bytes(x)));
  }
  private with(b: number | F64, op: number) {
    return new F64(binary(this, F64.of(b), op));
  }
  add(b: number | F64) {
    return this.with(b, 0xa0);
  }
  sub(b: number | F64) {
    return this.with(b, 0xa1);
  }
  mul(b: number | F64) {
    return this.with(b, 0xa2);
  }
  div(b: number | F64) {
    return this.with(b, 0xa3);
  }
  sqrt() {
    return new F64(unary(this, 0x9f));
  }
  toF32() {
    return new F32(unary(this, 0xb6));
  }
}

/**
 * Four float32 lanes, or eight: then `high` is the value of lanes 4 to 7, and what is made of it has eight lanes too. All operations are lane by lane, so eight are the same bits as two times four; V8 makes one 256-bit
 * instruction of the two where it can (`wide-lanes.ts`).
 */
export class V128 extends Value {
  readonly type = 'v128';
  constructor(
    write: (out: Bytes) => void,
    local?: number,
    readonly high?: V128,
  ) {
    super(write, local);
  }
  /** Lanes 0 to 3 and, where there are eight, 4 to 7. */
  halves(): V128[] {
    return this.high ? [new V128(this.write, this.local), this.high] : [this];
  }
  /** What the function gives for each half. */
  static lanewise(of: (...halves: V128[]) => V128, ...values: V128[]): V128 {
    const low = of(...values);
    if (!values.some(({ high }) => high)) return low;
    return new V128(low.write, undefined, of(...values.map((value) => value.high ?? value)));
  }
  static of(x: number | V128): V128 {
    if (x instanceof V128) return x;
    const lane = float32Bytes(x);
    return new V128((out) => out.push(...simd(12), ...lane, ...lane, ...lane, ...lane));
  }
  private with(b: number | V128, op: number) {
    return V128.lanewise((one, other) => new V128(binary(one!, other!, ...simd(op))), this, V128.of(b));
  }
  add(b: number | V128) {
    return this.with(b, 0xe4);
  }
  sub(b: number | V128) {
    return this.with(b, 0xe5);
  }
  mul(b: number | V128) {
    return this.with(b, 0xe6);
  }
  div(b: number | V128) {
    return this.with(b, 0xe7);
  }
  min(b: number | V128) {
    return this.with(b, 0xe8);
  }
  max(b: number | V128) {
    return this.with(b, 0xe9);
  }
  private changed(op: number) {
    return V128.lanewise((one) => new V128(unary(one!, ...simd(op))), this);
  }
  sqrt() {
    return this.changed(0xe3);
  }
  neg() {
    return this.changed(0xe1);
  }
  /** Masks: all bits of a lane set where true. */
  gt(b: number | V128) {
    return this.with(b, 0x44);
  }
  lt(b: number | V128) {
    return this.with(b, 0x43);
  }
  eq(b: number | V128) {
    return this.with(b, 0x41);
  }
  and(b: V128) {
    return this.with(b, 78);
  }
  /** Bits of this that are not set in b. */
  andNot(b: V128) {
    return this.with(b, 79);
  }
  xor(b: V128) {
    return this.with(b, 81);
  }
  /** Lanes of a where this mask is set, else of b. */
  choose(a: V128, b: V128) {
    return V128.lanewise((one, other, mask) => new V128((out) => {
      one!.write(out);
      other!.write(out);
      mask!.write(out);
      out.push(...simd(82));
    }), a, b, this);
  }
  lane(i: number) {
    return new F32(unary(this, ...simd(31), i));
  }
  /** Lanes 0..3 of this, 4..7 of b. */
  shuffle(b: V128, lanes: readonly [number, number, number, number]) {
    return V128.lanewise((one, other) => new V128(binary(one!, other!, ...simd(13), ...lanes.flatMap((lane) => [0, 1, 2, 3].map((byte) => lane * 4 + byte)))), this, b);
  }
  sumOfLanes(): F32 {
    return this.lane(0).add(this.lane(1)).add(this.lane(2)).add(this.lane(3));
  }
  /** Lane-wise integer operations on the same bits, for exponentials. */
  truncateToInteger() {
    return this.changed(248);
  }
  nearest() {
    return this.changed(106);
  }
  addIntegers(b: V128) {
    return this.with(b, 174);
  }
  shiftLeft(bits: number) {
    return V128.lanewise((one) => new V128(binary(one!, I32.of(bits), ...simd(171))), this);
  }
  static integers(n: number): V128 {
    const lane = [...new Uint8Array(new Int32Array([n]).buffer)];
    return new V128((out) => out.push(...simd(12), ...lane, ...lane, ...lane, ...lane));
  }
}

export type AnyValue = I32 | F32 | F64 | V128;
const memory = (op: Bytes, alignment: number, pointer: I32, offset: number) => (out: Bytes) => {
  pointer.write(out);
  out.push(...op, alignment, ...unsigned(offset));
};
/** Loads at pointer + offset bytes. Pointers are bytes; offsets are constants from 0. */
export const loadI32 = (pointer: I32, offset = 0): I32 => new I32(memory([0x28], 2, pointer, offset));
export const loadF32 = (pointer: I32, offset = 0): F32 => new F32(memory([0x2a], 2, pointer, offset));
export const loadF64 = (pointer: I32, offset = 0): F64 => new F64(memory([0x2b], 3, pointer, offset));
export const loadV128 = (pointer: I32, offset = 0): V128 => new V128(memory(simd(0), 2, pointer, offset));
/** One float32 in all four lanes. */
export const loadSplat = (pointer: I32, offset = 0): V128 => new V128(memory(simd(9), 2, pointer, offset));
export const storeOpcodes = { i32: [0x36], f32: [0x38], f64: [0x39], v128: simd(11) } as const;
export const simdOpcode = simd;
