import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../../engine/data/safetensors';
import { register } from '../../../engine/host/commands/export';
import { relativeError } from '../../support/relative-error';
import { runCommand } from '../../support/run-command';
import { temporaryFolder } from '../../support/temporary-folder';

describe('gyra export', () => {
  it('writes an ONNX file of the shipped steerable model', async () => {
    const folder = temporaryFolder();
    const { code, stdout } = await runCommand([register], 'export', 'assets/models/hippocampus-steerable', '-o', join(folder, 'a.onnx'), '--json');
    const bytes = readFileSync(join(folder, 'a.onnx'));
    expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 0, output: 'a.onnx', bytes: bytes.length, operatorSet: 11, input: ['batch', 1, 'x', 'y', 'z'], logits: ['batch', 3, 'x', 'y', 'z'], sizes: { multiple: [4, 4, 4], remainder: 0 } });
    expect(bytes.includes('steerable-unet') && bytes.includes('Anterior')).toBe(true);
    expect(readdirSync(folder)).toEqual(['a.onnx']);
  });
  it.each([
    ['another ending', 'assets/models/hippocampus-steerable', 'a.pt', 'a.pt is neither an ONNX name nor a folder'],
    ['a file as a run', 'assets/models/hippocampus-steerable/best.safetensors', 'a', 'best.safetensors is not the folder of a run'],
    ['half precision as ONNX', 'assets/models/hippocampus-steerable', 'a.onnx', '--half is for runs', '--half'],
    ['a missing model', 'none.safetensors', 'a.onnx', 'none.safetensors was not found'],
    ['a missing folder', 'assets/models/hippocampus-steerable', 'no/a.onnx', 'a.onnx could not be written'],
  ])('refuses %s with 2', async (_what, model, output, message, ...options) => {
    const folder = temporaryFolder();
    const { code, stderr } = await runCommand([register], 'export', model, '-o', join(folder, output), ...options);
    expect({ code, files: readdirSync(folder) }).toEqual({ code: 2, files: [] });
    expect(stderr).toContain(message);
  });

  it.each([
    ['as it is', [], 'F32'],
    ['in half precision', ['--half'], 'F16'],
  ])('writes a run as a folder, %s, without what only --resume needs', async (_how, options, dtype) => {
    const run = 'assets/models/hippocampus-steerable';
    const folder = temporaryFolder();
    const out = join(folder, 'packed');
    const { code, stdout } = await runCommand([register], 'export', run, '-o', `${out}/`, '--json', ...options);
    expect({ code, ...JSON.parse(stdout) }).toEqual({ code: 0, output: 'packed', precision: dtype === 'F16' ? 'half' : 'as in the run' });
    expect(readdirSync(folder)).toEqual(['packed']);
    expect(readdirSync(out).sort()).toEqual(['best.safetensors', 'metrics.jsonl', 'run.json']);
    for (const name of ['metrics.jsonl', 'run.json']) expect(readFileSync(join(out, name))).toEqual(readFileSync(join(run, name)));
    const [before, after] = [run, out].map((folder) => readSafetensors(readFileSync(join(folder, 'best.safetensors'))));
    expect(after!.metadata).toEqual(before!.metadata);
    expect([...after!.tensors.keys()]).toEqual([...before!.tensors.keys()]);
    for (const [name, tensor] of after!.tensors) {
      expect(tensor.dtype).toBe(dtype);
      expect(relativeError(tensor.data as Float32Array, before!.tensors.get(name)!.data as Float32Array)).toBeLessThanOrEqual(dtype === 'F16' ? 2 ** -11 : 0);
    }
    const again = await runCommand([register], 'export', run, '-o', out);
    expect([again.code, again.stderr]).toEqual([2, expect.stringContaining('packed exists already')]);
  });
  it('refuses a run that is being written', async () => {
    const record = JSON.parse(readFileSync('assets/models/hippocampus-steerable/run.json', 'utf8'));
    const folder = temporaryFolder({ 'run/run.json': { ...record, status: 'running' } });
    const { code, stderr } = await runCommand([register], 'export', join(folder, 'run'), '-o', join(folder, 'packed'));
    expect([code, stderr]).toEqual([2, expect.stringContaining('run is not finished')]);
    expect(readdirSync(folder)).toEqual(['run']);
  });
});
