/** @file A study host that trains and evaluates nothing: what a study does around them can be seen in milliseconds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cancelled } from '../../engine/contract/problem';
import type { RunRecord } from '../../engine/contract/run-record';
import type { TrainingSpec } from '../../engine/contract/training-spec';
import type { CasePose, Evaluation } from '../../engine/evaluation/evaluate';
import { posesOf, type PoseName, type Protocol } from '../../engine/evaluation/protocols';
import type { StudyHost } from '../../engine/experiments/run-study';

/** Twelve case-poses of six subjects and more: Dice falls with the angle by `loss`, a little differently in each case. */
export function fakeEvaluation(upright: number, loss: number, protocols: readonly Protocol[], degrees: readonly number[]): Evaluation {
  const cases = Array.from({ length: 12 }, (_, i) => ({ case: `case_${i}`, subject: `subject ${i >> 1}`, offset: 0.01 * ((i * 5) % 7) }));
  const poses = protocols.flatMap((protocol) => posesOf(protocol, degrees).map(({ name }) => name));
  const dice = (pose: PoseName, offset: number) => upright + offset - loss * (1 + offset) * Math.sin((pose.degrees * Math.PI) / 360);
  const of = (pose: PoseName): CasePose[] => cases.map(({ case: id, subject, offset }) => ({ case: id, subject, ...pose, mean: dice(pose, offset), structures: { Body: dice(pose, offset) + 0.05, Core: dice(pose, offset) - 0.05 } }));
  const caseDice = [{ protocol: 'upright', degrees: 0 } as PoseName, ...poses].flatMap(of);
  const lowest = caseDice.reduce((low, one) => (one.mean! < low.mean! ? one : low));
  return {
    cases: 12, mean: upright + 0.03, undefined: 0, structures: {}, protocols: {}, caseDice,
    poses: poses.map((pose) => ({ ...pose, mean: upright, sd: 0, n: 12, worst: null, interpolationCeiling: 0.97 })),
    worst: { dice: lowest.mean!, case: lowest.case, pose: { protocol: lowest.protocol, degrees: lowest.degrees } },
  };
}

export function fakeRecord(spec: TrainingSpec, changes: Partial<RunRecord> = {}): RunRecord {
  return {
    schemaVersion: 1, status: 'done', spec, parameters: 1, structures: [{ value: 1, name: 'Body' }], data: [],
    environment: { version: '0', backend: 'wasm', kernelVariant: 'plain', threads: 1, node: 'v20', machine: 'machine' }, steps: 10, epochs: 2, bestEpoch: 1, bestValidationDice: 0.5 + spec.optimiser.learningRate, wallSeconds: 60, ...changes,
  };
}

/** @param fails names the architecture whose training fails, `cannotEvaluate` the one whose evaluation does */
export function fakeHost({ fails, cannotEvaluate, stopsAfter = Infinity }: { fails?: string; cannotEvaluate?: string; stopsAfter?: number } = {}) {
  const trained: string[] = [];
  const evaluated: string[] = [];
  const host: StudyHost = {
    version: '0',
    say: () => {},
    async train(spec, runFolder) {
      if (trained.length >= stopsAfter) throw cancelled();
      trained.push(`${spec.model.architecture} ${spec.seed} ${spec.optimiser.learningRate}`);
      if (spec.model.architecture === fails) throw new Error(`no ${fails} at /home/jane/runs/x`);
      mkdirSync(runFolder, { recursive: true });
      const record = fakeRecord(spec);
      writeFileSync(join(runFolder, 'run.json'), JSON.stringify(record));
      writeFileSync(join(runFolder, 'best.safetensors'), `${spec.model.architecture} ${spec.seed}`);
      writeFileSync(join(runFolder, 'metrics.jsonl'), [3, 5, 8].map((value, epoch) => `${JSON.stringify({ name: 'seconds', value, step: epoch, context: { epoch } })}\n`).join(''));
      return record;
    },
    async evaluate(runFolder, _cases, { protocols, degrees }) {
      if (cannotEvaluate && basename(runFolder).startsWith(`${cannotEvaluate}-`)) throw new Error(`no Dice of ${cannotEvaluate}`);
      evaluated.push(runFolder);
      const isSteerable = runFolder.includes('steerable');
      return fakeEvaluation(isSteerable ? 0.8 : 0.85, isSteerable ? 0.01 : 0.5, protocols, degrees);
    },
    planMemory: async () => 3 * 2 ** 20,
  };
  return { host, trained, evaluated };
}
