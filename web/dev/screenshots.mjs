#!/usr/bin/env node
/**
 * Takes the pictures of the dashboard in docs/, from dist/ and the pretending Host.
 *
 *   npm run build && node dev/screenshots.mjs
 */
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { startFakeHost } from './fake-host.mjs';

const FOLDER = fileURLToPath(new URL('../../docs/', import.meta.url));
const SIZE = { width: 1360, height: 850 };

const host = await startFakeHost({ traffic: 0.2 });
const taskIn = (status) =>
  [...host.cluster.tasks.values()].findLast((task) => task.status === status).task_id;
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

async function shoot(name, { path, colorScheme, prepare }) {
  const page = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 1.25, colorScheme });
  await page.goto(host.url + path);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await prepare?.(page);
  await page.waitForTimeout(2500); // the charts have come
  await page.screenshot({ path: `${FOLDER}dashboard-${name}.png` });
  await page.close();
}

async function fillSubmit(page) {
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog');
  const command = "python /shared/train.py --lr span:[1e-4,3e-4] --seed span:{1..10} --name 'two words'";
  await dialog.getByLabel('Command', { exact: true }).fill(command);
  await dialog.getByRole('radio', { name: 'Chosen nodes' }).click();
  await dialog.getByRole('checkbox', { name: /^izumi/ }).check();
}

await shoot('overview', { path: '/', colorScheme: 'light' });
await shoot('gpus', { path: '/nodes/kawa', colorScheme: 'dark' });
await shoot('task', { path: `/tasks/${taskIn('running')}`, colorScheme: 'light' });
await shoot('submit', { path: '/tasks', colorScheme: 'light', prepare: fillSubmit });
await browser.close();
await host.close();
