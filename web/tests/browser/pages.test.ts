import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeHost } from '../../dev/fake-host.mjs';
import { launch, openPage, type FakeHost } from './support';

const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let browser: Browser;
let host: FakeHost;
beforeAll(async () => {
  host = await startFakeHost({ traffic: 0 });
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await host.close();
});

const running = (): string =>
  [...host.cluster.tasks.values()].find((task) => task.status === 'running')?.task_id ?? '';
const waiting = (): string =>
  [...host.cluster.tasks.values()].find((task) => task.status === 'pending')?.task_id ?? '';

const PAGES: [string, () => string, string][] = [
  ['overview', () => '/', 'Recent failures'],
  ['nodes', () => '/nodes', 'kawa'],
  ['node', () => '/nodes/kawa', 'Executors'],
  ['GPUs', () => '/gpus', 'NVIDIA H200'],
  ['tasks', () => '/tasks', 'Command'],
  ['running task', () => `/tasks/${running()}`, 'Details'],
  ['waiting task', () => `/tasks/${waiting()}`, 'Why it waits'],
  ['environments', () => '/environments', 'torch-2.6'],
  ['missing page', () => '/nothing/here', 'There is no such page'],
  ['missing task', () => '/tasks/999999', 'There is no task 999999'],
  ['missing node', () => '/nodes/nobody', 'There is no node nobody'],
];

// The policy forbids inline scripts to pages, so axe comes in over the debugger.
async function seriousViolations(page: Page): Promise<string[]> {
  await page.evaluate(axeSource);
  const found = await page.evaluate(async () => {
    const axe = (window as unknown as { axe: { run(): Promise<{ violations: Violation[] }> } }).axe;
    return (await axe.run()).violations;
  });
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)}`));
}

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

describe.each(PAGES)('%s', (name, address, landmark) => {
  it.each(['light', 'dark'] as const)(
    'opens in %s without complaints and is accessible',
    async (colorScheme) => {
      const { page, complaints, close } = await openPage(browser, host.url + address(), { colorScheme });
      await page.getByText(landmark).first().waitFor();
      await page.waitForTimeout(300); // entering animations have no state to wait for
      expect(await seriousViolations(page)).toEqual([]);
      const expected =
        name === 'missing task' ? complaints.filter((text) => !text.includes('404')) : complaints;
      expect(expected).toEqual([]);
      await close();
    },
  );

  it('fits a phone', async () => {
    const { page, close } = await openPage(browser, host.url + address(), {
      viewport: { width: 375, height: 720 },
    });
    await page.getByText(landmark).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(375);
    await close();
  });
});

it.each(['light', 'dark'] as const)('has accessible dialogs in %s', async (colorScheme) => {
  const { page, complaints, close } = await openPage(browser, `${host.url}/tasks`, { colorScheme });
  await page
    .getByRole('checkbox', { name: /^Select task/ })
    .first()
    .check();
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByLabel('Command', { exact: true }).fill("python x.py span:{1..9} 'a b'");
  await dialog.getByLabel('Cores').fill('-');
  await dialog.getByText('More options').click();
  await dialog.getByRole('radio', { name: 'Chosen nodes' }).click();
  await dialog.getByRole('checkbox').first().check();
  await dialog.getByRole('button', { name: /^Submit/ }).click();
  await page.waitForTimeout(300);
  expect(await seriousViolations(page)).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'hidden' });
  expect(await seriousViolations(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

it('has an accessible terminal', async () => {
  const { page, close } = await openPage(browser, `${host.url}/terminal.html?environment=torch-2.6`);
  await page.getByText('Connected', { exact: true }).waitFor();
  expect(await seriousViolations(page)).toEqual([]);
  await close();
});

it('goes everywhere by keyboard', async () => {
  const { page, close } = await openPage(browser, host.url);
  for (const [keys, path] of [
    ['gn', '/nodes'],
    ['gg', '/gpus'],
    ['ge', '/environments'],
    ['gt', '/tasks'],
    ['go', '/'],
  ] as const) {
    for (const key of keys) await page.keyboard.press(key);
    await page.waitForURL(host.url + path);
  }
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await close();
});

it('remembers theme and language', async () => {
  const { page, close } = await openPage(browser, host.url, { colorScheme: 'light' });
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor);
  const light = await ground();
  await page.getByRole('radio', { name: 'Dark' }).first().click();
  expect(await ground()).not.toBe(light);
  await page.getByRole('button', { name: '中文' }).first().click();
  await page.reload();
  expect(await ground()).not.toBe(light);
  await page.getByRole('heading', { name: '概览' }).waitFor();
  await close();
});
