import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dicomSlices } from '../support/volume-files';
import { root, shells, type Workbench } from '../support/workbench';

interface DroppedFile {
  name: string;
  bytes: Uint8Array;
}
const shipped = (part: string, id: string): Uint8Array => readFileSync(join(root, 'assets', 'cases', part, `${id}.nii.gz`));

/** Drops files on the window, as from a file manager. */
async function drop(page: Page, files: readonly DroppedFile[]): Promise<void> {
  const transfer = await page.evaluateHandle(
    (given) => {
      const data = new DataTransfer();
      for (const { name, base64 } of given) data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name));
      return data;
    },
    files.map(({ name, bytes }) => ({ name, base64: Buffer.from(bytes).toString('base64') })),
  );
  for (const type of ['dragenter', 'dragover', 'drop']) await page.dispatchEvent('body', type, { dataTransfer: transfer });
}

describe.each(shells)('files dropped on the window: $name', ({ open }) => {
  let workbench: Workbench;
  beforeAll(async () => {
    workbench = await open();
    await workbench.page.getByRole('button', { name: 'Case', exact: true }).filter({ hasText: /^hippocampus/ }).waitFor();
  });
  afterAll(() => workbench.close());
  const openCase = () => workbench.page.getByRole('button', { name: 'Case', exact: true }).textContent();

  it('are refused by name where they are broken, and the window goes on', async () => {
    const { page } = workbench;
    const before = await openCase();
    const image = shipped('imagesTr', 'hippocampus_008');
    const broken: [DroppedFile[], RegExp][] = [
      [[{ name: 'notes.nii', bytes: new TextEncoder().encode('not a volume '.repeat(40)) }], /notes\.nii/],
      [[{ name: 'cut.nii.gz', bytes: image.subarray(0, 4000) }], /cut\.nii\.gz/],
      [[{ name: 'empty.nii', bytes: new Uint8Array() }], /empty\.nii/],
      // Labels of another case, and of another shape.
      [[{ name: 'image.nii.gz', bytes: image }, { name: 'label.nii.gz', bytes: shipped('labelsTr', 'hippocampus_102') }], /label\.nii\.gz/],
    ];
    for (const [files, named] of broken) {
      await drop(page, files);
      const alert = page.getByRole('alert').filter({ hasText: named });
      await alert.waitFor();
      expect((await alert.textContent())!.length).toBeGreaterThan(40);
      await alert.getByRole('button', { name: 'Close this notice' }).click();
      expect(await openCase()).toBe(before);
    }
  });

  it('open as one case where they are the slices of a series', async () => {
    const { page } = workbench;
    await drop(page, dicomSlices({ shape: [20, 18, 16], spacing: [1, 1, 1], value: (i) => (i * 37) % 211 }).map((bytes, z) => ({ name: `slice${z}.dcm`, bytes })));
    await expect.poll(openCase, { timeout: 20_000 }).toBe('slice0.dcm');
    await page.getByText("The file's axes run LPS").waitFor();
  });

  it('open as a case', async () => {
    await drop(workbench.page, [{ name: 'mine.nii.gz', bytes: shipped('imagesTr', 'hippocampus_008') }]);
    await expect.poll(openCase).toBe('mine.nii.gz');
  });
});
