import { describe, expect, it } from 'vitest';
import type { AxisMethod } from '../../../engine/math/axis-map';
import { copiesOf, parseIrreps, printIrreps, scalarCopies } from '../../../engine/math/so3/irreps';
import { gateInputIrreps } from '../../../engine/math/so3/gate-irreps';
import type { NumberArray } from '../../../engine/ops/reference/reference';
import { references } from '../../../engine/ops/reference/references';
import { channelsLast } from '../../support/channels-last';
import { relativeError } from '../../support/relative-error';
import { fixtureFile, goldenFile } from '../../support/safetensors-file';

const tolerance = 1e-12;

describe.each([
  ['golden', goldenFile('equivariant_ops')],
  ['fixtures', fixtureFile('equivariant_ops')],
] as const)('operators against e3nn and PyTorch: %s', (_, file) => {
  /** Cases of a kind by name; only those the operators promise. */
  const casesOf = (names: readonly string[]) => names.filter((name) => file !== undefined && name in file.cases);
  const volume = (name: string) => channelsLast(file!.get(name));
  const expectEqual = (actual: NumberArray, golden: NumberArray) => expect(relativeError(actual.data, golden.data)).toBeLessThan(tolerance);

  it.skipIf(!file)('has a case of each kind', () => {
    for (const kind of ['linear_', 'batchnorm_instance', 'batchnorm_batch_train', 'batchnorm_batch_eval', 'gate_so3', 'gate_o3_physical', 'dropout_train', 'pool_max_2', 'pool_average_2', 'lowpass_down_2', 'lowpass_up_2', 'upsample_222']) expect(file!.names.some((name) => name.startsWith(kind)), kind).toBe(true);
  });

  it.each(casesOf(['linear_so3', 'linear_o3', 'linear_skip_concat', 'linear_unreachable']))('SelfConnection: %s', (name) => {
    const attributes = { irrepsIn: parseIrreps(file!.cases[name].irreps_in as string), irrepsOut: parseIrreps(file!.cases[name].irreps_out as string) };
    const inputs = { x: volume(`${name}/input`), weight: file!.get(`${name}/weight`) };
    expectEqual(references.SelfConnection({ ...inputs, bias: { shape: [0], data: new Float64Array() } }, attributes).y, volume(`${name}/output`));
    const { dx, dweight } = references.SelfConnectionBackward({ ...inputs, dy: volume(`${name}/grad_output`) }, attributes);
    expectEqual(dx, volume(`${name}/grad_input`));
    expectEqual(dweight, file!.get(`${name}/grad_weight`));
  });

  it.each(casesOf(['batchnorm_instance', 'batchnorm_instance_eval']))('InstanceNorm: %s', (name) => {
    const attributes = { irreps: parseIrreps(file!.cases[name].irreps as string), epsilon: file!.cases[name].eps as number };
    const inputs = { x: volume(`${name}/input`), weight: file!.get(`${name}/weight`) };
    expectEqual(references.InstanceNorm({ ...inputs, bias: file!.get(`${name}/bias`) }, attributes).y, volume(`${name}/output`));
    const { dx, dweight, dbias } = references.InstanceNormBackward({ ...inputs, dy: volume(`${name}/grad_output`) }, attributes);
    expectEqual(dx, volume(`${name}/grad_input`));
    expectEqual(dweight, file!.get(`${name}/grad_weight`));
    expectEqual(dbias, file!.get(`${name}/grad_bias`));
  });

  it.each(casesOf(['batchnorm_batch_train', 'batchnorm_batch_eval']))('batch norm: %s', (name) => {
    const irreps = parseIrreps(file!.cases[name].irreps as string);
    const { eps, momentum, training } = file!.cases[name] as { eps: number; momentum: number; training: boolean };
    const asOneItem = ({ shape: [batch, ...voxels], data }: NumberArray): NumberArray => ({ shape: [1, batch * voxels[0], ...voxels.slice(1)], data });
    const get = (tensor: string) => file!.get(`${name}/${tensor}`);
    const [x, dy, weight, bias] = [asOneItem(volume(`${name}/input`)), asOneItem(volume(`${name}/grad_output`)), get('weight'), get('bias')];
    if (training) {
      expectEqual(references.InstanceNorm({ x, weight, bias }, { irreps, epsilon: eps }).y, volume(`${name}/output`));
      const { dx, dweight, dbias } = references.InstanceNormBackward({ dy, x, weight }, { irreps, epsilon: eps });
      for (const [gradient, golden] of [[dx, volume(`${name}/grad_input`)], [dweight, get('grad_weight')], [dbias, get('grad_bias')]] as const) expectEqual(gradient, golden);
      const { mean, square } = references.NormStatistics({ x }, { irreps });
      for (const [now, kind] of [[mean, 'mean'], [square, 'var']] as const) {
        const moved = get(`running_${kind}`).data.map((before, i) => (1 - momentum) * before + momentum * now.data[i]);
        expect(relativeError(moved, get(`running_${kind}_after`).data)).toBeLessThan(tolerance);
      }
    } else {
      // the affine map of the running statistics, and how its gradients go back to weight and bias
      const factors = get('running_var').data.map((square) => 1 / Math.sqrt(square + eps));
      const scalar = copiesOf(irreps).flatMap(({ degree, parity }, copy) => (degree === 0 && parity === 1 ? [copy] : []));
      const mean = get('running_mean').data;
      const scale = { shape: [1, factors.length], data: factors.map((factor, copy) => factor * weight.data[copy]) };
      const shift = { shape: bias.shape, data: bias.data.map((value, i) => value - mean[i] * scale.data[scalar[i]]) };
      expectEqual(references.ScaleCopies({ x, scale, shift }, { irreps }).y, volume(`${name}/output`));
      expectEqual(references.ScaleCopies({ x: dy, scale, shift: { shape: bias.shape, data: new Float64Array(bias.data.length) } }, { irreps }).y, volume(`${name}/grad_input`));
      const { dscale, dshift } = references.ScaleCopiesBackward({ dy, x }, { irreps });
      expectEqual(dshift, get('grad_bias'));
      expectEqual({ shape: weight.shape, data: dscale.data.map((value, copy) => factors[copy] * (value - (scalar.includes(copy) ? mean[scalar.indexOf(copy)] * dshift.data[scalar.indexOf(copy)] : 0))) }, get('grad_weight'));
    }
  });

  it.each(casesOf(['dropout_train', 'dropout_zero', 'dropout_eval']))('ScaleCopies as dropout: %s', (name) => {
    const { irreps: text, p, training } = file!.cases[name] as { irreps: string; p: number; training: boolean };
    const irreps = parseIrreps(text);
    const [x, y] = [volume(`${name}/input`), volume(`${name}/output`)];
    const all = copiesOf(irreps);
    // what was kept is read off the output at each item's first voxel
    const rows = Array.from({ length: x.shape[0] }, (_, item) => (item * x.data.length) / x.shape[0]);
    const factors = rows.flatMap((row) => all.map(({ start }) => (y.data[row + start] === 0 ? 0 : training ? 1 / (1 - p) : 1)));
    const scale = { shape: [x.shape[0], all.length], data: Float64Array.from(factors) };
    if (training && p > 0) expect(factors.includes(0)).toBe(true);
    const shift = { shape: [scalarCopies(irreps)], data: new Float64Array(scalarCopies(irreps)) };
    expectEqual(references.ScaleCopies({ x, scale, shift }, { irreps }).y, y);
    expectEqual(references.ScaleCopies({ x: volume(`${name}/grad_output`), scale, shift }, { irreps }).y, volume(`${name}/grad_input`));
  });

  it.each(casesOf(['gate_so3', 'gate_o3_physical', 'gate_scalars_only']))('Gate: %s', (name) => {
    const irreps = parseIrreps(file!.cases[name].irreps_out as string);
    expect(printIrreps(gateInputIrreps(irreps))).toBe(file!.cases[name].irreps_in);
    const x = volume(`${name}/input`);
    expectEqual(references.Gate({ x }, { irreps }).y, volume(`${name}/output`));
    expectEqual(references.GateBackward({ x, dy: volume(`${name}/grad_output`) }, { irreps }).dx, volume(`${name}/grad_input`));
  });

  // e3nn_Unet pools every item of a batch where the first one's norms are largest: pool_max_batch2_reference_bug is not ours
  it.each(casesOf(['pool_max_2', 'pool_max_2_steps_112', 'pool_max_floor_odd']))('MaxPool: %s', (name) => {
    const attributes = { irreps: parseIrreps(file!.cases[name].irreps as string), extent: file!.cases[name].kernel_size as [number, number, number] };
    const x = volume(`${name}/input`);
    expectEqual(references.MaxPool({ x }, attributes).y, volume(`${name}/output`));
    expectEqual(references.MaxPoolBackward({ x, dy: volume(`${name}/grad_output`) }, attributes).dx, volume(`${name}/grad_input`));
  });

  const resampled: Record<string, { method: AxisMethod; amount: (spec: Record<string, unknown>) => number[] }> = {
    pool_average: { method: 'average', amount: ({ kernel_size }) => kernel_size as number[] },
    lowpass_down: { method: 'low-pass', amount: ({ stride }) => Array.from({ length: 3 }, () => stride as number) },
    lowpass_up: { method: 'low-pass-up', amount: ({ stride }) => Array.from({ length: 3 }, () => stride as number) },
    upsample: { method: 'linear', amount: ({ scale_factor }) => scale_factor as number[] },
  };
  it.each(casesOf(['pool_average_2', 'pool_average_4_steps_1_1_3', 'lowpass_down_2', 'lowpass_down_3', 'lowpass_up_2', 'upsample_222', 'upsample_221', 'upsample_341', 'upsample_from_1']))('Resample: %s', (name) => {
    const x = volume(`${name}/input`);
    const { method, amount } = Object.entries(resampled).find(([kind]) => name.startsWith(kind))![1];
    const attributes = { method, amount: amount(file!.cases[name]) as [number, number, number], size: [x.shape[3], x.shape[2], x.shape[1]] as const };
    expectEqual(references.Resample({ x }, attributes).y, volume(`${name}/output`));
    expectEqual(references.ResampleBackward({ dy: volume(`${name}/grad_output`) }, attributes).dx, volume(`${name}/grad_input`));
  });
});
