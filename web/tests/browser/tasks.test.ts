import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeHost } from '../../dev/fake-host.mjs';
import { eventually, launch, openPage, type FakeHost } from './support';

const TASKS = 100_000;
let browser: Browser;
let host: FakeHost;
beforeAll(async () => {
  host = await startFakeHost({ traffic: 0, tasks: TASKS });
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await host.close();
});

const rows = '.task-row:not(.task-head, .batch-row)';

it('keeps few rows in the page however many tasks there are', async () => {
  const { page, complaints, close } = await openPage(browser, `${host.url}/tasks`);
  await page.locator(rows).first().waitFor();
  const loaded = () => page.locator('.task-table').evaluate((table) => table.scrollHeight / 48);
  for (let step = 0; step < 5; step++) {
    const before = await loaded();
    await page.locator('.task-table').evaluate((table) => table.scrollTo({ top: table.scrollHeight }));
    await expect.poll(loaded, { timeout: 10_000 }).toBeGreaterThan(before);
  }
  expect(await page.locator('.task-row').count()).toBeLessThan(60);
  expect(complaints).toEqual([]);
  await close();
});

it('keeps filters in the address, and reads them from there', async () => {
  const { page, close } = await openPage(browser, `${host.url}/tasks?status=failed&user=mei`);
  await page.locator(rows).first().waitFor();
  const states = await page.locator(`${rows} .c-state`).allInnerTexts();
  expect(new Set(states)).toEqual(new Set(['Failed']));
  await page.getByRole('button', { name: 'by mei' }).click();
  await page.waitForURL(`${host.url}/tasks?status=failed`);
  await page.keyboard.press('/');
  await page.keyboard.type('ffmpeg');
  await page.waitForURL(`${host.url}/tasks?status=failed&q=ffmpeg`);
  await eventually(
    async () =>
      (await page.locator(`${rows} .c-command a`).allInnerTexts()).every((text) => text.startsWith('ffmpeg')),
    true,
  );
  await page.getByRole('button', { name: 'Clear' }).click();
  await page.waitForURL(`${host.url}/tasks`);
  await close();
});

it('says so when nothing matches', async () => {
  const { page, close } = await openPage(browser, `${host.url}/tasks?q=no-such-command`);
  await page.getByText('No task matches').waitFor();
  await close();
});

it('kills what is ticked, after a question', async () => {
  host.cluster.nodes.forEach((node) => (node.drained = true));
  const { ids } = host.cluster.submit({ command: 'doomed', count: 3, container_name: 'NULL' });
  const { page, close } = await openPage(browser, `${host.url}/tasks?q=doomed`);
  await page.getByRole('button', { name: 'Unfold batches' }).click();
  await page.getByRole('checkbox', { name: `Select task ${ids[0]}` }).check();
  await page.getByRole('checkbox', { name: `Select task ${ids[2]}` }).click({ modifiers: ['Shift'] });
  await page.getByText('3 selected').waitFor();
  await page.getByRole('toolbar').getByRole('button', { name: /^Kill/ }).click();
  await page.getByRole('dialog', { name: 'Kill 3 tasks?' }).getByRole('button', { name: 'Kill' }).click();
  await page.getByText('3 tasks killed.').waitFor();
  expect(ids.map((id) => host.cluster.get(id)?.status)).toEqual(['killed', 'killed', 'killed']);
  await eventually(() => page.locator(`${rows} .c-state`).allInnerTexts(), ['Killed', 'Killed', 'Killed']);
  host.cluster.nodes.forEach((node) => (node.drained = false));
  await close();
});

it('folds batches and opens them', async () => {
  const { batch } = host.cluster.submit({
    command: 'sweep',
    count: 12,
    container_name: 'NULL',
    seconds: 600,
  });
  const { page, close } = await openPage(browser, `${host.url}/tasks?q=sweep`);
  const head = page.getByRole('button', { name: /Batch of 12/ });
  await head.waitFor();
  expect(await page.locator(rows).count()).toBe(0);
  await head.click();
  await eventually(() => page.locator(rows).count(), 12);
  await page.getByRole('link', { name: 'Show only' }).click();
  await page.waitForURL((url) => url.searchParams.get('batch') === batch);
  await close();
});

it('shows new tasks on top, or says that there are some', async () => {
  const { page, close } = await openPage(browser, `${host.url}/tasks`);
  await page.locator(rows).first().waitFor();
  const [first] = host.cluster.submit({ command: 'newcomer-one' }).ids;
  await page.getByRole('link', { name: `#${first}` }).waitFor();
  await page.locator('.task-table').evaluate((table) => table.scrollTo({ top: 2000 }));
  await eventually(() => page.locator('.task-table').evaluate((table) => table.scrollTop), 2000);
  const [second] = host.cluster.submit({ command: 'newcomer-two' }).ids;
  await page
    .getByRole('button', { name: /new task/i })
    .filter({ hasText: '1 new task' })
    .click();
  await page.getByRole('link', { name: `#${second}` }).waitFor();
  await close();
});

it('pauses and resumes a task from its row', async () => {
  const task = [...host.cluster.tasks.values()].find((one) => one.status === 'running');
  const id = task?.task_id ?? '';
  const { page, close } = await openPage(
    browser,
    `${host.url}/tasks?q=${encodeURIComponent(task?.arguments.at(-1) ?? '')}`,
  );
  await page.getByRole('button', { name: `Pause: task ${id}`, exact: true }).click();
  await eventually(() => host.cluster.get(id)?.status, 'paused');
  await page.getByRole('button', { name: `Resume: task ${id}`, exact: true }).click();
  await eventually(() => host.cluster.get(id)?.status, 'running');
  await close();
});

it('shows what is older than a folded batch of thousands', async () => {
  const [older] = host.cluster.submit({
    command: 'older-than-the-batch',
    container_name: 'NULL',
    seconds: 600,
  }).ids;
  host.cluster.submit({ command: 'bulk', count: 3000, container_name: 'NULL', seconds: 600 });
  const { page, close } = await openPage(browser, `${host.url}/tasks`);
  await page.getByRole('button', { name: /Batch of 3,000/ }).waitFor();
  await page.getByRole('link', { name: `#${older}` }).waitFor();
  await close();
});
