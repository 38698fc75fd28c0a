import { describe, expect, it } from 'vitest';
import { parseIrreps, printIrreps } from '../../../engine/math/so3/irreps';
import { gateInputIrreps } from '../../../engine/math/so3/gate-irreps';
import type { Operators } from '../../../engine/ops/operators';
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
    for (const kind of ['linear_', 'batchnorm_instance', 'gate_so3', 'pool_max_2', 'upsample_222']) expect(file!.names.some((name) => name.startsWith(kind)), kind).toBe(true);
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

  it.each(casesOf(['gate_so3', 'gate_scalars_only']))('Gate: %s', (name) => {
    const irreps = parseIrreps(file!.cases[name].irreps_out as string);
    expect(printIrreps(gateInputIrreps(irreps))).toBe(file!.cases[name].irreps_in);
    expectVolumeOperator('Gate', 'GateBackward', name, { irreps });
  });

  it.each(casesOf(['pool_max_2', 'pool_max_floor_odd']))('MaxPool: %s', (name) => {
    expectVolumeOperator('MaxPool', 'MaxPoolBackward', name, { irreps: parseIrreps(file!.cases[name].irreps as string) });
  });

  it.each(casesOf(['upsample_222', 'upsample_from_1']))('UpsampleTrilinear: %s', (name) => {
    expectEqual(references.UpsampleTrilinear({ x: volume(`${name}/input`) }, {}).y, volume(`${name}/output`));
    expectEqual(references.UpsampleTrilinearBackward({ dy: volume(`${name}/grad_output`) }, {}).dx, volume(`${name}/grad_input`));
  });

  function expectVolumeOperator(forward: 'Gate' | 'MaxPool', backward: 'GateBackward' | 'MaxPoolBackward', name: string, attributes: Operators['Gate']['attributes']): void {
    const x = volume(`${name}/input`);
    expectEqual(references[forward]({ x }, attributes).y, volume(`${name}/output`));
    expectEqual(references[backward]({ x, dy: volume(`${name}/grad_output`) }, attributes).dx, volume(`${name}/grad_input`));
  }
});
