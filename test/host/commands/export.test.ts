import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { register } from '../../../engine/host/commands/export';
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
    ['another ending', 'assets/models/hippocampus-steerable', 'a.pt', 'a.pt is no ONNX name'],
    ['a missing model', 'none.safetensors', 'a.onnx', 'none.safetensors was not found'],
    ['a missing folder', 'assets/models/hippocampus-steerable', 'no/a.onnx', 'a.onnx could not be written'],
  ])('refuses %s with 2', async (_what, model, output, message) => {
    const folder = temporaryFolder();
    const { code, stderr } = await runCommand([register], 'export', model, '-o', join(folder, output));
    expect({ code, files: readdirSync(folder) }).toEqual({ code: 2, files: [] });
    expect(stderr).toContain(message);
  });
});
