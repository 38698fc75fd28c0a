import { describe, expect, it } from 'vitest';
import type { Shape } from '../../engine/contract/engine-api';
import { canvasFor, canvasForPoses, placeOnCanvas } from '../../engine/data/canvas';
import { readCsv } from '../../engine/data/csv';
import { caseTable } from '../../engine/evaluation/case-table';
import { evaluate, type EvaluationCase, type Predict } from '../../engine/evaluation/evaluate';
import { posesOf } from '../../engine/evaluation/protocols';
import { identityRotation } from '../../engine/math/rotation';

const structures = [{ value: 1, name: 'Body' }, { value: 2, name: 'Core' }];
/** A bright ball with a brighter core, off the centre: its labels follow from its intensities at every pose. */
function ball(id: string, shape: Shape, withCore = true): EvaluationCase {
  const data = new Float32Array(shape[0] * shape[1] * shape[2]);
  const labels = new Uint8Array(data.length);
  for (let i = 0; i < data.length; i++) {
    const [x, y, z] = [i % shape[0], Math.floor(i / shape[0]) % shape[1], Math.floor(i / (shape[0] * shape[1]))];
    const radius = Math.hypot(x - shape[0] / 2 + 2, y - shape[1] / 2, z - shape[2] / 2 - 1);
    labels[i] = withCore && radius < 3 ? 2 : radius < 6 ? 1 : 0;
    data[i] = 100 * labels[i];
  }
  return { id, load: async () => ({ images: [{ data, shape }], labels: { data: labels, shape } }) };
}
const cases = [ball('a', [20, 24, 18]), ball('b', [21, 17, 34])];
/** Thresholds half-way between the two or three intensities, which normalisation only shifts and stretches. */
const byIntensity: Predict = ([image]) => {
  const [low, high] = [image!.reduce((a, b) => Math.min(a, b)), image!.reduce((a, b) => Math.max(a, b))];
  return Uint8Array.from(image!, (value) => Math.max(0, Math.round((2 * (value - low)) / (high - low))));
};
const options = { structures, protocols: [], degrees: [], sizes: { multiple: [4, 4, 4], remainder: 0 } } as const;

describe('evaluate', () => {
  it('is 1 for a perfect predictor upright and at right angles, and names nothing undefined', async () => {
    const result = await evaluate(byIntensity, cases, { ...options, protocols: ['right-angles'] });
    expect(result).toMatchObject({ cases: 2, mean: 1, undefined: 0, structures: { Body: { mean: 1, sd: 0, n: 2 }, Core: { mean: 1, sd: 0, n: 2 } } });
    expect(result.poses).toHaveLength(24);
    for (const pose of result.poses) expect(pose).toMatchObject({ protocol: 'right-angles', mean: 1, n: 2, interpolationCeiling: 1 });
    expect(result.poses[1].axis).toHaveLength(3);
    expect(Object.keys(result).sort()).toEqual(['caseDice', 'cases', 'mean', 'poses', 'protocols', 'structures', 'undefined', 'worst']);
  });

  it('shows the predictor cases with the margin asked for, and turned ones on the canvas that encloses them', async () => {
    const seen = new Set<string>();
    const watching: Predict = (images, shape) => (seen.add(shape.join()), byIntensity(images, shape));
    expect(await evaluate(watching, cases, { ...options, margin: 7 })).toMatchObject({ mean: 1 });
    expect([...seen]).toEqual(['28,32,28', '28,24,44']);
    seen.clear();
    await evaluate(watching, cases, { ...options, margin: 7, protocols: ['planes'], degrees: [0] });
    expect([...seen]).toEqual(['28,32,28', '28,24,44']);
    seen.clear();
    await evaluate(watching, cases, { ...options, margin: 7, protocols: ['right-angles'] });
    expect([...seen]).toEqual(['24,24,24', '36,36,36']);
  });

  it('finds the worst pose and case of a predictor that does not turn', async () => {
    const fixed = new Map<string, Uint8Array>();
    for (const one of cases) {
      const { images: [image], labels } = await one.load();
      const canvas = canvasForPoses(image!.shape, [identityRotation, ...posesOf('planes', [0, 90, 180]).map(({ rotation }) => rotation)], options.sizes);
      fixed.set(canvas.join(), placeOnCanvas(labels!, canvas, 0).data);
    }
    const result = await evaluate((_, shape) => fixed.get(shape.join())!, cases, { ...options, protocols: ['planes'], degrees: [0, 90, 180] });
    expect(result.mean).toBe(1);
    const at = (plane: string, degrees: number) => result.poses.find((pose) => pose.plane === plane && pose.degrees === degrees)!;
    expect(result.poses.map(({ degrees }) => degrees)).toEqual([0, 90, 180, 0, 90, 180, 0, 90, 180]);
    for (const plane of ['sagittal', 'coronal', 'axial']) expect(at(plane, 0).mean).toBe(1);
    // The ball lies 2 voxels off along x and 1 along z.
    expect(at('axial', 180).mean!).toBeLessThan(at('sagittal', 180).mean!);
    const lowest = Math.min(...result.poses.map(({ worst }) => worst!.dice));
    expect(result.worst!.dice).toBe(lowest);
    const found = result.poses.find(({ worst }) => worst!.dice === lowest)!;
    expect(result.worst).toEqual({ ...found.worst, pose: { protocol: 'planes', plane: found.plane, degrees: found.degrees } });
  });

  it('shows one canvas to all poses of a case, and each pose once', async () => {
    const seen: string[] = [];
    const watching: Predict = ([image], shape) => {
      seen.push(shape.join('x'));
      return new Uint8Array(image!.length);
    };
    const progress: number[] = [];
    const result = await evaluate(watching, cases, { ...options, protocols: ['planes', 'right-angles'], degrees: [0, 45, 90, 360] }, (done, of) => progress.push(done / of));
    // 24 right angles hold upright and every plane at 0, 90 and 360 degrees; 45 degrees adds three.
    expect(seen).toHaveLength(2 * 27);
    expect(new Set(seen).size).toBe(2);
    expect(result.poses).toHaveLength(3 * 4 + 24);
    expect(progress).toEqual(progress.map((_, i) => (i + 1) / 54));
    expect(result.mean).toBe(0);
  });

  it('stays near the interpolation ceiling when a perfect predictor is turned by any angle', async () => {
    const { poses, mean } = await evaluate(byIntensity, cases, { ...options, protocols: ['planes'], degrees: [30] });
    expect(mean).toBe(1);
    for (const pose of poses) {
      expect(pose.interpolationCeiling).toBeGreaterThan(0.85);
      expect(pose.interpolationCeiling).toBeLessThan(1);
      expect(pose.mean).toBeGreaterThan(0.85);
    }
  });

  it('counts what is undefined and leaves it out of the means', async () => {
    const result = await evaluate(byIntensity, [cases[0], ball('c', [20, 20, 20], false)], { ...options, structures: [...structures, { value: 7, name: 'Absent' }] });
    // Without a core the body is the brightest, so this predictor calls it core.
    expect(result.structures).toEqual({ Body: { mean: 0.5, sd: Math.sqrt(0.5), n: 2 }, Core: { mean: 0.5, sd: Math.sqrt(0.5), n: 2 }, Absent: { mean: null, sd: 0, n: 0 } });
    expect(result.undefined).toBe(2);
    expect(result.mean).toBe(0.5);
    expect(result.poses).toEqual([]);
    expect(result.worst).toEqual({ dice: 0, case: 'c', pose: { protocol: 'upright', degrees: 0 } });
  });

  it('turns every contrast, each with its own fill', async () => {
    const { images: [image], labels } = await cases[0].load();
    const inverted = { data: image!.data.map((value) => 500 - value), shape: image!.shape };
    const two: EvaluationCase = { id: 'two', load: async () => ({ images: [image!, inverted], labels }) };
    let poses = 0;
    await evaluate(([first, second]) => {
      // z-scores of a contrast and of its negative differ by their sign alone, before and after any turn.
      for (let i = 0; i < first!.length; i += 97) expect(second![i]).toBeCloseTo(-first![i]!, 4);
      poses++;
      return new Uint8Array(first!.length);
    }, [two], { ...options, protocols: ['planes'], degrees: [0, 30] });
    expect(poses).toBe(4);
  });

  it('keeps every case at every pose, and sums protocols up over their turned poses', async () => {
    const subjects = [{ ...cases[0], subject: 's' }, { ...cases[1], subject: 't' }];
    const { caseDice, protocols, poses } = await evaluate(byIntensity, subjects, { ...options, protocols: ['planes', 'cone'], degrees: [0, 30] });
    expect(caseDice).toHaveLength(2 * (1 + 6 + 24));
    expect(caseDice[1]).toEqual({ case: 'b', subject: 't', protocol: 'upright', degrees: 0, mean: 1, structures: { Body: 1, Core: 1 } });
    for (const one of caseDice) expect(one.mean).toBeCloseTo((one.structures['Body']! + one.structures['Core']!) / 2, 12);
    const turned = caseDice.filter(({ protocol, degrees }) => protocol === 'planes' && degrees === 30).map(({ mean }) => mean!);
    expect(protocols.planes).toMatchObject({ n: 2, casePoses: 6, interval: { subjects: 2, percent: 95 } });
    expect(protocols.planes!.mean).toBeCloseTo(turned.reduce((sum, one) => sum + one, 0) / 6, 12);
    const [lowest, second] = turned.sort((a, b) => a - b);
    expect(protocols.planes!.fifthPercentile).toBeCloseTo(lowest + 0.25 * (second - lowest), 12);
    expect(protocols.upright).toMatchObject({ mean: 1, n: 2, casePoses: 2, fifthPercentile: 1 });
    expect(protocols.cone).toMatchObject({ n: 2, casePoses: 48 });
    expect(poses.filter(({ protocol }) => protocol === 'cone')).toHaveLength(24);
    const [head, first, ...rest] = caseTable(caseDice).trimEnd().split('\n');
    expect([head, first, rest.length]).toEqual(['case,subject,protocol,plane,axis,degrees,mean,Body,Core', 'a,s,upright,,,0,1,1,1', 61]);
    expect(readCsv(caseTable(caseDice), 'x')[2]).toMatchObject({ protocol: 'planes', plane: 'sagittal', axis: '', degrees: '0' });
  });

  it('uses the smallest canvas when nothing is turned', async () => {
    const { images: [image] } = await cases[1].load();
    await evaluate(([data], shape) => {
      expect(shape).toEqual(canvasFor(image!.shape, options.sizes));
      return new Uint8Array(data!.length);
    }, [cases[1]], options);
  });

  it('refuses no cases and cases without labels, and stops when cancelled', async () => {
    await expect(evaluate(byIntensity, [], options)).rejects.toThrow('There are no cases');
    const bare = { id: 'x', load: async () => ({ ...(await cases[0].load()), labels: null }) };
    await expect(evaluate(byIntensity, [bare], options)).rejects.toThrow('Case x has no labels');
    let asked = 0;
    await expect(evaluate(byIntensity, cases, { ...options, protocols: ['right-angles'], isCancelled: () => ++asked > 3 })).rejects.toMatchObject({ code: 'cancelled' });
  });
});
