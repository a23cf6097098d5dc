import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeHost } from '../../dev/fake-host.mjs';
import { eventually, launch, openPage, type FakeHost } from './support';

let browser: Browser;
let host: FakeHost;
beforeAll(async () => {
  host = await startFakeHost({ traffic: 0, tasks: 50 });
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await host.close();
});

/** A running task whose log is a gigabyte ("bash"), or one that grows. */
async function started(command: string): Promise<string> {
  const [id] = host.cluster.submit({ command, arguments: ['x'], container_name: 'NULL', seconds: 600 }).ids;
  await eventually(() => host.cluster.get(id)?.status, 'running');
  return id;
}
const lines = (page: Page) => page.locator('.log .line', { hasText: /\S/ }).allInnerTexts();
const firstStep = async (page: Page): Promise<number> =>
  Number(/step (\d+)/.exec((await lines(page)).join(' '))?.[1] ?? -1);

it('opens a gigabyte at its end, goes to its beginning, and pages on from there', async () => {
  const { page, complaints, close } = await openPage(browser, `${host.url}/tasks/${await started('bash')}`);
  await page.getByText('1 GB').waitFor();
  await eventually(async () => (await firstStep(page)) > 10_000_000, true);
  expect(await page.locator('.log .line').count()).toBeLessThan(200);
  await page.getByRole('button', { name: 'To the beginning' }).click();
  await eventually(async () => firstStep(page), 0);
  // Scrolling on loads the following parts.
  for (let step = 0; step < 3; step++) {
    const before = await firstStep(page);
    await page.locator('.log').evaluate((log) => log.scrollTo({ top: log.scrollHeight }));
    await expect.poll(() => firstStep(page), { timeout: 10_000 }).toBeGreaterThan(before);
  }
  await page.getByRole('slider').press('PageDown');
  await expect.poll(() => firstStep(page), { timeout: 10_000 }).toBeGreaterThan(900_000);
  expect(complaints).toEqual([]);
  await close();
});

it('tells when lines were written that came before the page looked', async () => {
  const id = await started('bash');
  const begun = Date.now() - 6 * 3600_000;
  Object.assign(host.cluster.get(id) ?? {}, { started_at: new Date(begun).toISOString() });
  const { page, complaints, close } = await openPage(browser, `${host.url}/tasks/${id}`);
  const times = (): Promise<string[]> => page.locator('.log .line time').allInnerTexts();
  await eventually(async () => (await firstStep(page)) > 10_000_000, true);
  expect(await times()).toEqual([]);
  await page.getByRole('button', { name: 'Times' }).click();
  await expect
    .poll(async () => (await times()).join(' '))
    .toMatch(/^\s*(\d\d:\d\d:\d\d\s+)+\d\d:\d\d:\d\d\s*$/);
  await page.getByRole('button', { name: 'To the beginning' }).click();
  await eventually(async () => firstStep(page), 0);
  // The first hundredth of six hours.
  const clocks = [210, 211, 212, 213, 214, 215, 216, 217, 218, 219].map((seconds) =>
    new Date(begun + seconds * 1000).toTimeString().slice(0, 8),
  );
  await expect.poll(async () => clocks.includes((await times()).at(0)?.trim() ?? '')).toBe(true);
  expect(complaints).toEqual([]);
  await close();
});

it('finds a needle in a gigabyte', async () => {
  const { page, close } = await openPage(browser, `${host.url}/tasks/${await started('bash')}`);
  const field = page.getByRole('searchbox', { name: 'Search the log' });
  await field.fill('step 00033333 ');
  await field.press('Enter');
  await page.locator('.line.at .hit').first().waitFor();
  expect(await page.locator('.line.at').innerText()).toContain('step 00033333');
  await close();
});

it('follows a log, stops when the reader scrolls up, and catches up', async () => {
  const { page, close } = await openPage(browser, `${host.url}/tasks/${await started('python')}`, {
    viewport: { width: 1200, height: 500 },
  });
  await page.getByText('Following').waitFor();
  const last = async () => (await lines(page)).at(-1);
  await eventually(
    () => page.locator('.log').evaluate((log) => log.scrollHeight > log.clientHeight + 100),
    true,
  );
  const before = await last();
  await expect.poll(last, { timeout: 10_000 }).not.toBe(before);
  await page.locator('.log').hover();
  await page.mouse.wheel(0, -300);
  const jump = page.getByRole('button', { name: /new lines/ });
  await jump.click();
  await page.getByText('Following').waitFor();
  await close();
});

it('shows colours as text, never as markup', async () => {
  const [id] = host.cluster.submit({
    command: '<img src=x onerror=alert(1)>',
    arguments: ['"><script>alert(2)</script>', '${7*7}', '\u202e\u0000'],
    container_name: 'NULL',
    submitted_by: '<b>eve</b>',
  }).ids;
  const task = host.cluster.get(id);
  await eventually(() => task?.status, 'running');
  host.cluster.end(task, { status: 'failed', exit_code: 1, error_message: '<svg onload=alert(3)>' });
  for (const address of [`/tasks/${id}`, '/tasks', '/']) {
    const { page, complaints, close } = await openPage(browser, host.url + address);
    await page.getByText('<svg onload=alert(3)>').first().waitFor();
    expect(await page.locator('img[src=x], script:not([src]), svg[onload], main b:text("eve")').count()).toBe(
      0,
    );
    expect(complaints).toEqual([]);
    await close();
  }
});
