import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planeRotation } from '../../engine/math/rotation';
import { proxyEngine, type EngineProxy } from '../support/engine-proxy';
import { writeUntrainedAssets } from '../support/untrained-assets';
import { root, shells, type Workbench } from '../support/workbench';

const assets = mkdtempSync(join(tmpdir(), 'gyra-explore-'));
beforeAll(() => writeUntrainedAssets(assets, join(root, 'assets', 'cases')));
afterAll(() => rmSync(assets, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));

const [steerable, ordinary] = ['hippocampus-steerable', 'hippocampus-ordinary'];
const dial = (page: Page) => page.getByRole('slider', { name: /^Turn the head/ });
const rail = (page: Page) => page.getByRole('slider', { name: /^Angle, / });
const angleField = (page: Page) => page.getByRole('textbox', { name: /^Angle in degrees/ });
const caseButton = (page: Page) => page.getByRole('button', { name: 'Case', exact: true });
const tile = (page: Page, modelId: string) => page.locator(`[data-model="${modelId}"]`);
const poseTag = async (page: Page, modelId: string) => (await tile(page, modelId).locator('.tag.bottom-left').textContent())!;
const angle = async (page: Page) => Number(await dial(page).getAttribute('aria-valuenow'));
const theme = (page: Page) => page.evaluate(() => ({ name: document.documentElement.dataset.theme, background: getComputedStyle(document.body).backgroundColor }));
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What is read aloud once the head rests and every model has answered at this pose. */
const settled = (page: Page, pose: string) => page.getByRole('status').filter({ hasText: new RegExp(`^${pose.replace('.', '\\.')}: Steerable Dice [\\d.–]+, Ordinary Dice [\\d.–]+$`) }).waitFor({ state: 'attached' });

async function goTo(page: Page, degrees: number): Promise<void> {
  await angleField(page).fill(String(degrees));
  await angleField(page).press('Enter');
  await angleField(page).blur();
}
/** Presses the button in the middle of an element and moves by so many pixels, in steps. */
async function dragFrom(page: Page, element: ReturnType<Page['locator']>, right: number, down: number): Promise<void> {
  const { x, y, width, height } = (await element.boundingBox())!;
  await page.mouse.move(x + width / 2, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(x + width / 2 + right, y + height / 2 + down, { steps: 4 });
  await page.mouse.up();
}
/** Pixels of a model's first slice that are no shade of grey. */
const colouredPixels = (page: Page, modelId: string) =>
  tile(page, modelId).locator('.slice-canvas').first().evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) if (Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 30) count++;
    return count;
  });

describe('Explore in a browser', () => {
  let workbench: Workbench;
  let page: Page;
  let engine: EngineProxy;
  beforeAll(async () => {
    workbench = await shells.find(({ kind }) => kind === 'browser')!.open(assets);
    page = workbench.page;
    engine = await proxyEngine(page);
  });
  afterAll(() => workbench.close());
  /** The window as at the next start, the head upright. */
  async function startAgain(): Promise<void> {
    await page.evaluate(() => localStorage.clear());
    // What is kept is kept again when the pose changes, not when the page goes.
    await page.reload();
    await tile(page, ordinary).locator('.tag.bottom-right').waitFor();
  }

  it('turns the case once on arrival, until the first input', async () => {
    await startAgain();
    await expect.poll(() => angle(page)).toBeGreaterThan(0);
    await page.mouse.move(640, 20);
    await page.mouse.down();
    await page.mouse.up();
    const stopped = await angle(page);
    expect(stopped).toBeGreaterThan(0);
    await pause(700);
    expect(await angle(page)).toBe(stopped);
  });

  it('does not turn by itself under reduced motion, nor hidden, and stops when it gets hidden', async () => {
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await startAgain();
    await pause(1000);
    expect(await angle(page)).toBe(0);

    await page.emulateMedia({ reducedMotion: 'no-preference' });
    await startAgain();
    await expect.poll(() => angle(page)).toBeGreaterThan(0);
    await page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
    const stopped = await angle(page);
    await pause(700);
    expect(await angle(page)).toBe(stopped);

    await page.addInitScript(() => sessionStorage.getItem('hidden') && Object.defineProperty(document, 'hidden', { get: () => true }));
    await page.evaluate(() => sessionStorage.setItem('hidden', 'yes'));
    await startAgain();
    await pause(1000);
    expect(await angle(page)).toBe(0);
    await page.evaluate(() => sessionStorage.clear());
    // Nothing moves by itself from here on.
    await page.emulateMedia({ reducedMotion: 'reduce' });
    await startAgain();
  });

  it('turns by keys, by number, along the rail and round the dial; each is one step of undo', async () => {
    for (const [key, degrees] of [['ArrowRight', 1], ['Shift+ArrowUp', 16], ['Control+ArrowRight', 90], ['ArrowLeft', 89], ['Home', 0]] as const) {
      await page.keyboard.press(key);
      expect([key, await angle(page)]).toEqual([key, degrees]);
    }
    await goTo(page, 62.5);
    expect([await angle(page), await angleField(page).inputValue(), await rail(page).getAttribute('aria-valuenow')]).toEqual([62.5, '62.5°', '62.5']);
    await angleField(page).fill('a lot');
    await angleField(page).press('Enter');
    expect(await angle(page)).toBe(62.5);
    await angleField(page).blur();

    const { width } = (await page.locator('.rail').boundingBox())!;
    await dragFrom(page, rail(page), (width * 45) / 180, 0);
    expect(await angle(page)).toBeCloseTo(107.5, 0);
    // From the top of the dial, where upright is, to the side.
    const ring = (await dial(page).boundingBox())!;
    await page.mouse.move(ring.x + ring.width / 2, ring.y + 12);
    await page.mouse.down();
    await page.mouse.move(ring.x + ring.width - 12, ring.y + ring.height / 2, { steps: 4 });
    await page.mouse.up();
    expect(await angle(page)).toBeCloseTo(90, 0);

    await page.keyboard.press('Control+z');
    expect(await angle(page)).toBeCloseTo(107.5, 0);
    await page.getByRole('button', { name: /^Undo/ }).click();
    expect(await angle(page)).toBe(62.5);
    await page.getByRole('button', { name: /^Redo/ }).click();
    expect(await angle(page)).toBeCloseTo(107.5, 0);
  });

  it('turns by trackball out of the plane, and a plane brings it back', async () => {
    await goTo(page, 0);
    await dragFrom(page, tile(page, ordinary).getByRole('application'), 60, 40);
    expect(await dial(page).getAttribute('aria-valuetext')).toMatch(/^\d+° about \(/);
    expect(await angleField(page).inputValue()).toMatch(/^≈/);
    await expect.poll(() => poseTag(page, steerable)).toMatch(/° about \(/);
    await page.getByRole('radio', { name: 'Coronal' }).click();
    expect(await dial(page).getAttribute('aria-valuetext')).toMatch(/° coronal$/);
    await page.keyboard.press('s');
    expect(await dial(page).getAttribute('aria-valuetext')).toMatch(/° sagittal$/);
  });

  it('plays under ordinary motion until paused, and steps under reduced motion', async () => {
    await goTo(page, 30);
    await page.keyboard.press('Space');
    expect(await angle(page)).toBe(45);
    await page.emulateMedia({ reducedMotion: 'no-preference' });
    await page.getByRole('button', { name: 'Play' }).click();
    await expect.poll(() => angle(page)).toBeGreaterThan(46);
    await page.getByRole('button', { name: 'Pause' }).click();
    const stopped = await angle(page);
    await pause(500);
    expect(await angle(page)).toBe(stopped);
    await page.emulateMedia({ reducedMotion: 'reduce' });
  });

  it('asks for the newest pose only, and shows each model as it answers', async () => {
    await goTo(page, 10);
    await settled(page, '10.0° sagittal');
    engine.forget();
    for (const modelId of [steerable, ordinary]) engine.hold(modelId);
    const { x, y, width, height } = (await rail(page).boundingBox())!;
    const { width: railWidth } = (await page.locator('.rail').boundingBox())!;
    await page.mouse.move(x + width / 2, y + height / 2);
    await page.mouse.down();
    for (let degrees = 15; degrees <= 60; degrees += 5) await page.mouse.move(x + width / 2 + ((degrees - 10) / 180) * railWidth, y + height / 2);
    const last = await angle(page);
    expect(last).toBeCloseTo(60, 0);
    // Ten poses went by; only the first was sent, and its answer is not there.
    expect([engine.asked(steerable).length, engine.asked(ordinary).length]).toEqual([1, 1]);
    await expect.poll(() => poseTag(page, steerable)).toBe(`${last.toFixed(1)}° sagittal asked, 10.0° sagittal shown`);
    await expect.poll(() => engine.release(steerable)).toBe(true);
    await expect.poll(() => engine.asked(steerable).length).toBe(2);
    expect(engine.asked(steerable)[1]).toEqual([...planeRotation('sagittal', last)]);
    await expect.poll(() => engine.release(steerable)).toBe(true);
    await expect.poll(() => poseTag(page, steerable)).toBe(`${last.toFixed(1)}° sagittal`);
    expect(await poseTag(page, ordinary)).toBe(`${last.toFixed(1)}° sagittal asked, 10.0° sagittal shown`);
    expect(engine.asked(ordinary).length).toBe(1);
    // At rest the newest is sent at once; the older answer counts no more.
    await page.mouse.up();
    await expect.poll(() => engine.asked(ordinary).length).toBe(2);
    engine.letGo();
    await settled(page, `${last.toFixed(1)}° sagittal`);
    expect(await poseTag(page, ordinary)).toBe(`${last.toFixed(1)}° sagittal`);
  });

  it('says Dice of each structure now with n, and marks the pose in the chart', async () => {
    const score = tile(page, ordinary).locator('.score');
    await expect.poll(() => score.textContent()).toMatch(/Dice now, n = 1/);
    for (const name of ['Anterior', 'Posterior']) expect(await score.getByRole('img', { name: new RegExp(`^${name} Dice (0\\.\\d\\d|1\\.00|–), upright (0\\.\\d\\d|1\\.00|–)$`) }).count()).toBe(1);
    for (const degrees of [0, 60, 180]) {
      await goTo(page, degrees);
      const [line, thumb] = await Promise.all([page.locator('.pose-line').boundingBox(), rail(page).boundingBox()]);
      expect(Math.abs(line!.x + line!.width / 2 - thumb!.x - thumb!.width / 2)).toBeLessThan(2);
      await settled(page, `${degrees.toFixed(1)}° sagittal`);
      expect(await page.locator('.dice-marks text.value').count()).toBe(2);
    }
  });

  it('computes Dice over angle in the background, with progress; cancelled, it keeps what there is and can go on', async () => {
    await page.keyboard.press('a');
    const bar = page.locator('.job-bar');
    await bar.getByRole('progressbar', { name: 'Dice over angle, axial' }).waitFor();
    await bar.getByText(/[1-9]\d* of \d+/).waitFor();
    await bar.getByRole('button', { name: 'Cancel' }).click();
    await bar.getByText(/cancelled at \d+ of \d+/).waitFor();
    const points = async () => ((await page.locator('.case-line').first().getAttribute('d')) ?? '').split('L').length;
    const kept = await points();
    expect(kept).toBeGreaterThan(1);
    expect(kept).toBeLessThan(13);
    await bar.getByRole('button', { name: 'Go on' }).click();
    await expect.poll(points, { timeout: 120_000 }).toBeGreaterThan(kept);
    expect(await page.getByRole('button', { name: 'Go to the worst pose of Ordinary' }).isVisible()).toBe(true);
  });

  it('picks cases and models; models come back with undo', async () => {
    await caseButton(page).click();
    await page.locator('.popover').getByRole('combobox').fill('008');
    await page.keyboard.press('Enter');
    await expect.poll(() => caseButton(page).textContent(), { timeout: 120_000 }).toBe('hippocampus_008');
    await page.keyboard.press(']');
    await expect.poll(() => caseButton(page).textContent(), { timeout: 120_000 }).toBe('hippocampus_011');
    await page.getByRole('button', { name: 'Models', exact: true }).click();
    await page.getByRole('option', { name: /^Ordinary/ }).click();
    expect(await page.locator('[data-model]').count()).toBe(1);
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Undo: models' }).click();
    expect(await page.locator('[data-model]').count()).toBe(2);
    await tile(page, ordinary).locator('.tag.bottom-right').waitFor();
  });

  it('lays prediction, reference and disagreement over slices and 3D, structure by structure', async () => {
    await goTo(page, 0);
    await settled(page, '0.0° axial');
    const caption = () => tile(page, steerable).locator('.volume-tile .tag').first().textContent();
    const [both, none] = ['Prediction over the reference (white)', 'Scan'];
    expect(await caption()).toBe(both);
    await expect.poll(() => colouredPixels(page, steerable)).toBeGreaterThan(50);
    await page.getByRole('switch', { name: 'Prediction' }).click();
    await page.getByRole('switch', { name: 'Reference outline' }).click();
    expect(await caption()).toBe(none);
    await expect.poll(() => colouredPixels(page, steerable)).toBe(0);
    await page.keyboard.press('3');
    expect(await caption()).toMatch(/^Disagreement/);
    await expect.poll(() => colouredPixels(page, steerable)).toBeGreaterThan(0);
    for (const name of ['Anterior', 'Posterior']) await page.getByRole('button', { name: `Hide ${name}` }).click();
    await expect.poll(() => colouredPixels(page, steerable)).toBe(0);
    for (let step = 0; step < 5; step++) await page.keyboard.press('Control+z');
    // Off the structures, where pointing at one lets the others step back.
    await page.mouse.move(640, 20);
    expect(await caption()).toBe(both);
    await expect.poll(() => colouredPixels(page, steerable)).toBeGreaterThan(50);
  });

  it('says of each other screen that it is not there yet, and keys do not turn the head behind it', async () => {
    const before = await angle(page);
    for (const name of ['Design', 'Train', 'Study', 'Runs', 'Lessons']) {
      await page.getByRole('link', { name }).click();
      await page.getByRole('heading', { name }).waitFor();
      expect(await page.locator('.announced').textContent()).toContain('Not in this version.');
      await page.keyboard.press('ArrowRight');
    }
    await page.getByRole('link', { name: 'Explore' }).click();
    expect(await angle(page)).toBe(before);
  });

  it('finds place, layout and theme again at the next start', async () => {
    const before = await theme(page);
    await page.getByRole('button', { name: 'Switch between light and dark' }).click();
    const after = await theme(page);
    expect(after.name).not.toBe(before.name);
    expect(after.background).not.toBe(before.background);
    await page.getByRole('radio', { name: 'Slices', exact: true }).click();
    await goTo(page, 33);
    await settled(page, '33.0° axial');
    await page.reload();
    await settled(page, '33.0° axial');
    expect([await theme(page), await caseButton(page).textContent(), await page.locator('.volume-view').count()]).toEqual([after, 'hippocampus_011', 0]);
  });
});

describe.each(shells.filter(({ kind }) => kind === 'electron'))('Explore over the other bridge: $name', ({ open }) => {
  let workbench: Workbench;
  beforeAll(async () => {
    workbench = await open(assets);
  });
  afterAll(() => workbench.close());

  it('carries cases, segmentations, and what the curve says unasked', async () => {
    const { page } = workbench;
    await tile(page, ordinary).locator('.tag.bottom-right').waitFor();
    await page.keyboard.press('Home');
    await page.keyboard.press('Shift+ArrowRight');
    await settled(page, '15.0° sagittal');
    await expect.poll(() => colouredPixels(page, steerable)).toBeGreaterThan(50);
    // a quick machine has it done by now
    await page.locator('.job-bar').getByText(/[1-9]\d* of \d+|: done/).waitFor();
    expect(await page.getByText('hippocampus_004').count()).toBeGreaterThan(0);
  });
});
