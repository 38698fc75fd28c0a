/** @file Irreps of every block of a steerable U-Net, and what a spec must keep to so that they fit together. */
import type { SteerableUnetSpec } from '../contract/model-spec';
import { levelsOf, type Level } from '../contract/network-sizes';
import { badInput } from '../contract/problem';
import { dimension, parseIrreps, printIrreps, scalarCopies, type Irreps } from '../math/so3/irreps';
import { downBlock, upBlock } from './unet-frame';

export interface BlockLayout {
  readonly name: string;
  readonly level: Level;
  readonly irrepsIn: Irreps;
  readonly irreps: Irreps;
}
export interface SteerableLayout {
  readonly levels: readonly Level[];
  readonly blocks: readonly BlockLayout[];
  /** Of the features each pooling reads, from the highest level down. */
  readonly pooled: readonly Irreps[];
  /** Of the features behind the last block. */
  readonly last: Irreps;
  readonly output: Irreps;
}

/** @throws GyraError where the spec contradicts itself */
export function steerableLayout(spec: SteerableUnetSpec): SteerableLayout {
  const { poolings, inputs, outputs } = spec;
  const levels = levelsOf(spec);
  checkSteps(spec);
  const top = hiddenIrreps(spec, 'irreps', spec.irreps);
  const topUp = spec.upIrreps === undefined ? top : hiddenIrreps(spec, 'upIrreps', spec.upIrreps);
  const input = endIrreps(spec, 'inputIrreps', 'inputs', spec.inputIrreps ?? `${inputs}x0e`, inputs);
  const output = endIrreps(spec, 'outputIrreps', 'outputs', spec.outputIrreps ?? `${outputs}x0e`, outputs);
  const down = levels.map((level, i): BlockLayout => ({ name: downBlock(i), level, irrepsIn: i === 0 ? input : doubled(top, i - 1), irreps: doubled(top, i) }));
  const up = Array.from({ length: poolings }, (_, i) => poolings - 1 - i).map(
    (i): BlockLayout => ({ name: upBlock(i, poolings), level: levels[i]!, irrepsIn: [...(i === poolings - 1 ? doubled(top, poolings) : doubled(topUp, i + 1)), ...doubled(top, i)], irreps: doubled(topUp, i) }),
  );
  const last = poolings === 0 ? top : topUp;
  const lost = output.find(({ degree, parity }) => !last.some((entry) => entry.degree === degree && entry.parity === parity));
  if (lost) throw badInput(`The output irreps ${printIrreps(output)} hold ${printIrreps([lost])}, which the last block (${printIrreps(last)}) cannot give.`, 'Add this degree and parity to the irreps of the network.');
  return { levels, blocks: [...down, ...up], pooled: down.slice(0, poolings).map(({ irreps }) => irreps), last, output };
}

/** Irreps of a level: those of the top, doubled at each pooling. */
const doubled = (top: Irreps, level: number): Irreps => top.map((entry) => ({ ...entry, multiplicity: entry.multiplicity * 2 ** level }));

function checkSteps({ steps, poolings }: SteerableUnetSpec): void {
  if (Array.isArray(steps[0]) && steps.length !== poolings + 1) throw badInput(`The spec lists steps for ${steps.length} levels and the network has ${poolings + 1}.`, 'Give the steps of the highest level alone, or of every level.');
}

function checkedIrreps({ equivariance }: SteerableUnetSpec, field: string, text: string): Irreps {
  const irreps = parseIrreps(text);
  if (irreps.some(({ multiplicity }) => multiplicity === 0)) throw badInput(`The field ${field}, ${text}, holds an entry of no copies.`, 'Leave out what has no copies: 8x0e instead of 8x0e+0x1e.');
  if (equivariance === 'SO3' && irreps.some(({ parity }) => parity === -1)) throw badInput(`The field ${field}, ${text}, holds odd irreps, which a network of SO3 does not know.`, 'Set equivariance to O3, or write e for o.');
  return irreps;
}

function hiddenIrreps(spec: SteerableUnetSpec, field: string, text: string): Irreps {
  const irreps = checkedIrreps(spec, field, text);
  const names = irreps.map(({ degree, parity }) => `${degree}${parity}`);
  if (irreps.some(({ degree }, i) => degree === 0 && i > 0 && irreps[i - 1]!.degree > 0) || new Set(names).size < names.length) throw badInput(`The field ${field}, ${text}, must hold its scalars first and each irrep once.`, 'Write them in rising degree: 8x0e+4x1e+2x2e.');
  return irreps;
}

/** Irreps of input or output, whose number of channels the spec gives too. */
function endIrreps(spec: SteerableUnetSpec, field: string, counted: string, text: string, channels: number): Irreps {
  const irreps = checkedIrreps(spec, field, text);
  if (dimension(irreps) !== channels) throw badInput(`The field ${field}, ${text}, has ${dimension(irreps)} channels and the field ${counted} says ${channels}.`, `Set ${counted} to ${dimension(irreps)}.`);
  if (field === 'outputIrreps' && scalarCopies(irreps) !== dimension(irreps.slice(0, irreps.findIndex(({ degree, parity }) => degree > 0 || parity === -1) >>> 0))) throw badInput(`The field ${field}, ${text}, does not have its even scalars first.`, 'Write the entries of 0e first.');
  return irreps;
}
