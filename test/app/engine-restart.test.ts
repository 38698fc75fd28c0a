import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { callFromPage } from '../support/page-calls';
import { shells, type Workbench } from '../support/workbench';

describe.each(shells)('engine killed from outside: $name', ({ open }) => {
  let workbench: Workbench;
  beforeAll(async () => {
    workbench = await open();
  });
  afterAll(() => workbench.close());

  it('is started again; the window says so and keeps case and pose', async () => {
    const { page } = workbench;
    const angle = page.getByRole('textbox', { name: /^Angle in degrees/ });
    await angle.fill('37');
    await angle.press('Enter');
    const dial = page.getByRole('slider', { name: /^Turn the head/ });
    await expect.poll(() => dial.getAttribute('aria-valuenow')).toBe('37');
    const openCase = page.getByRole('button', { name: 'Case', exact: true });
    await expect.poll(() => openCase.textContent()).toMatch(/^hippocampus/);
    const caseName = await openCase.textContent();

    const killed = (await workbench.enginePid())!;
    process.kill(killed, 'SIGKILL');
    await page.getByRole('status').filter({ hasText: 'The engine ended and was started again.' }).waitFor();
    expect(await workbench.enginePid()).not.toBe(killed);
    expect(await dial.getAttribute('aria-valuenow')).toBe('37');
    await expect.poll(() => openCase.textContent()).toBe(caseName);
    expect(await callFromPage(page, 'status', {})).toMatchObject({ ok: true });
  });

  it('answers what was asked of the dead engine, and comes back each time', async () => {
    const { page } = workbench;
    for (let time = 0; time < 2; time++) {
      const pid = await workbench.enginePid();
      process.kill(pid!, 'SIGKILL');
      await expect.poll(() => workbench.enginePid(), { timeout: 30_000 }).not.toBe(pid);
      await expect.poll(async () => callFromPage(page, 'status', {}), { timeout: 30_000 }).toMatchObject({ ok: true });
    }
  });
});
