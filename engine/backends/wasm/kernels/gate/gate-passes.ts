/** @file Passes over the voxels that gate, alone or behind an instance norm, and their gradients; compiled for each irreps. */
import { printIrreps, type Irreps } from '../../../../math/so3/irreps';
import { I32, loadV128, type FunctionBuilder, type ModuleBuilder, type V128 } from '../../assembler';
import type { WasmBackend } from '../../backend';
import { itemsOfVoxels, voxelsPerItem, writeRows } from '../../voxel-rows';
import { emitGate, emitGateGradient, gatePieces, type GatePieces, type ReadChannels } from './gate-pieces';

const forwardFields = { x: 'i32', y: 'i32', voxels: 'i32', coefficients: 'i32' } as const;
const backwardFields = { x: 'i32', dy: 'i32', dx: 'i32', voxels: 'i32', coefficients: 'i32', sums: 'i32' } as const;

/** Pointers to one batch item. */
interface Pointers {
  readonly x: number;
  readonly voxels: number;
}
/** Per channel of what the gate reads. */
type PerChannel = readonly Float64Array[];

/** Bytes of a row of coefficients: a vector may be read past its end. */
const coefficientBytes = ({ channelsIn }: GatePieces): number => 4 * Math.ceil(channelsIn / 4 + 1) * 4;

export function gatePasses(backend: WasmBackend) {
  const { machine } = backend;
  const { heap } = machine;
  const compiled = new Map<string, ReturnType<typeof compile>>();
  function compile(irreps: Irreps, normed: boolean) {
    const pieces = gatePieces(irreps);
    return { pieces, ...machine.load((m) => ({ forward: forwardKernel(m, pieces, normed), backward: backwardKernel(m, pieces, normed) })) };
  }
  function passesOf(irreps: Irreps, normed: boolean) {
    const key = `${printIrreps(irreps)} ${normed}`;
    if (!compiled.has(key)) compiled.set(key, compile(irreps, normed));
    return compiled.get(key)!;
  }
  const withCoefficients = <T>(pieces: GatePieces, rows: PerChannel, use: (pointer: number) => T): T => {
    const length = coefficientBytes(pieces) / 4;
    return heap.borrow(Math.max(1, rows.length) * length * 4, (pointer) => {
      const values = heap.floats(pointer, rows.length * length).fill(0);
      rows.forEach((row, n) => values.set(row, n * length));
      return use(pointer);
    });
  };

  return {
    /** y = gate of x, or with [mean, scale, shift] of (x - mean) scale + shift. */
    forward(irreps: Irreps, { x, y, voxels }: Pointers & { readonly y: number }, norm: PerChannel = []): void {
      const { pieces, forward } = passesOf(irreps, norm.length > 0);
      withCoefficients(pieces, norm, (coefficients) => forward({ x, y, voxels, coefficients }, itemsOfVoxels(voxels), scratchBytes(pieces)));
    },
    /** Writes dx, or behind a norm g, the gradient of the normed x; then gives sums over the voxels of g (even scalars) and of g (x - mean). */
    backward(irreps: Irreps, { x, dy, dx, voxels }: Pointers & { readonly dy: number; readonly dx: number }, norm: PerChannel = []): { gradients: Float64Array; products: Float64Array } {
      const { pieces, backward } = passesOf(irreps, norm.length > 0);
      const slots = sumSlots(pieces);
      const [gradients, products] = [new Float64Array(pieces.channelsIn), new Float64Array(pieces.channelsIn)];
      const items = itemsOfVoxels(voxels);
      heap.borrow(items * slots.bytes, (sums) => {
        withCoefficients(pieces, norm, (coefficients) => backward({ x, dy, dx, voxels, coefficients, sums }, items, scratchBytes(pieces) + slots.bytes));
        if (norm.length === 0) return;
        const found = heap.floats(sums, (items * slots.bytes) / 4);
        for (let at = 0; at < found.length; at += slots.bytes / 4)
          for (const { channel, lanes, gradient, product } of slots.list)
            for (let lane = 0; lane < lanes; lane++) {
              products[channel + lane]! += found[at + product + lane]!;
              if (gradient !== undefined) gradients[channel + lane]! += found[at + gradient + lane]!;
            }
        // the mean as the kernel had it is rounded to float32
        products.forEach((_, c) => { products[c]! += (Math.fround(norm[0]![c]!) - norm[0]![c]!) * gradients[c]!; });
      });
      return { gradients, products };
    },
  };
}

/** A row past its end, and products of gated channels. */
const productsAt = ({ channelsIn, channels }: GatePieces): number => 16 * Math.ceil(Math.max(channelsIn, channels) / 4 + 1);
const scratchBytes = (pieces: GatePieces): number => productsAt(pieces) + 16 * Math.ceil(pieces.channels / 4 + 1);

/** Where a work item keeps its sums, in floats: a vector for each piece, and another for the sum of gradients of even scalars. */
function sumSlots(pieces: GatePieces) {
  const { channelsIn } = pieces;
  let next = 0;
  const all = [...pieces.scalars.map(({ from, odd }) => ({ channel: from, centred: !odd })), ...pieces.gates.map((channel) => ({ channel, centred: true })), ...pieces.gated.map(({ from }) => ({ channel: from, centred: false }))].sort((a, b) => a.channel - b.channel);
  const list = all.map(({ channel, centred }, n) => {
    const [product, gradient] = [next, centred ? next + 4 : undefined];
    next += centred ? 8 : 4;
    return { channel, lanes: Math.min(4, (all[n + 1]?.channel ?? channelsIn) - channel), product, gradient };
  });
  return { list, bytes: 4 * next };
}

/** What a gate reads: x itself, or normed by the first three rows of coefficients. */
function reader(f: FunctionBuilder, pieces: GatePieces, x: I32, coefficients: I32, normed: boolean): ReadChannels {
  const row = coefficientBytes(pieces);
  return (channel, centred) => {
    const value = loadV128(x, 4 * channel);
    if (!normed) return value;
    const scale = loadV128(coefficients, row + 4 * channel);
    return centred ? f.multiplyAdd(value.sub(loadV128(coefficients, 4 * channel)), scale, loadV128(coefficients, 2 * row + 4 * channel)) : value.mul(scale);
  };
}
/** The first voxels of a work item in tensors of so many channels, and how many there are. */
function itemOf(f: FunctionBuilder, item: I32, voxels: I32, tensors: readonly (readonly [pointer: I32, channels: number])[]): { count: I32; rows: I32[] } {
  const first = f.i32(item.mul(voxelsPerItem));
  return { count: f.i32(voxels.sub(first).min(voxelsPerItem)), rows: tensors.map(([pointer, channels]) => f.i32(pointer.add(first.mul(4 * channels)))) };
}

const forwardKernel = (m: ModuleBuilder, pieces: GatePieces, normed: boolean) =>
  m.kernel('forward', forwardFields, (f, p, item, scratch) => {
    const { channels, channelsIn } = pieces;
    const { count, rows: [x, target] } = itemOf(f, item, p.voxels, [[p.x, channelsIn], [p.y, channels]]) as { count: I32; rows: [I32, I32] };
    writeRows(f, { target, count, rowBytes: I32.of(4 * channels), scratch }, (row) => {
      emitGate(f, pieces, reader(f, pieces, x, p.coefficients, normed), row);
      f.advance(x, 4 * channelsIn);
    });
  });

const backwardKernel = (m: ModuleBuilder, pieces: GatePieces, normed: boolean) =>
  m.kernel('backward', backwardFields, (f, p, item, scratch) => {
    const { channels, channelsIn } = pieces;
    const slots = sumSlots(pieces);
    const slotOf = new Map(slots.list.map((slot) => [slot.channel, slot]));
    const { count, rows: [x, dy, target] } = itemOf(f, item, p.voxels, [[p.x, channelsIn], [p.dy, channels], [p.dx, channelsIn]]) as { count: I32; rows: [I32, I32, I32] };
    const products = f.i32(scratch.add(productsAt(pieces)));
    // in the thread's own memory: two threads would wait for each other's cache lines
    const sums = f.i32(scratch.add(scratchBytes(pieces)));
    if (normed) f.fillZero(sums, slots.bytes);
    const add = (at: number, value: (sum: V128) => V128): void => f.store(sums, value(loadV128(sums, 4 * at)), 4 * at);
    writeRows(f, { target, count, rowBytes: I32.of(4 * channelsIn), scratch }, (to) => {
      emitGateGradient(f, pieces, reader(f, pieces, x, p.coefficients, normed), (channel) => loadV128(dy, 4 * channel), products, (channel, centred, gradient) => {
        f.store(to, gradient, 4 * channel);
        if (!normed) return;
        const slot = slotOf.get(channel)!;
        const value = loadV128(x, 4 * channel);
        add(slot.product, (sum) => f.multiplyAdd(gradient, centred ? value.sub(loadV128(p.coefficients, 4 * channel)) : value, sum));
        if (slot.gradient !== undefined) add(slot.gradient, (sum) => sum.add(gradient));
      });
      f.advance(x, 4 * channelsIn);
      f.advance(dy, 4 * channels);
    });
    if (normed) f.copy(p.sums.add(item.mul(slots.bytes)), sums, slots.bytes);
  });
