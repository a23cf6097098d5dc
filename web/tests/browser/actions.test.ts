import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startFakeHost } from '../../dev/fake-host.mjs';
import { eventually, launch, openPage, type FakeHost } from './support';

let browser: Browser;
let host: FakeHost;
beforeAll(async () => {
  process.env.FAKE_STEP_MS = '150';
  host = await startFakeHost({ traffic: 0, tasks: 30 });
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
  await host.close();
});

it('submits exactly what was typed', async () => {
  const { page, complaints, close } = await openPage(browser, host.url);
  await page.getByRole('button', { name: 'New task' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByLabel('Command', { exact: true }).fill(`python -c 'print("a  b")' "" $HOME *.py`);
  await dialog.getByLabel('Cores').fill('2');
  await dialog.getByLabel('Memory').fill('512M');
  await dialog.getByRole('radio', { name: 'Chosen nodes' }).click();
  await dialog.getByRole('button', { name: 'GPU 5, free' }).first().click();
  await dialog.getByText('More options').click();
  await dialog.getByLabel('Environment variables').fill('A=1\nB=two words');
  await dialog.getByText(`hakuriver.client --target`).waitFor();
  await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByRole('link', { name: 'Show' }).click();
  await page.waitForURL(/\/tasks\/\d+$/);
  const task = host.cluster.get(page.url().split('/').at(-1) ?? '');
  expect(task).toMatchObject({
    command: 'python',
    arguments: ['-c', 'print("a  b")', '', '$HOME', '*.py'],
    required_cores: 2,
    required_memory_bytes: 512_000_000,
    required_gpus: [5],
    env_vars: { A: '1', B: 'two words' },
  });
  expect(complaints).toEqual([]);
  await close();
});

it('says what is wrong beside the field, and the same for what the Host refuses', async () => {
  const { page, close } = await openPage(browser, host.url);
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
  await dialog.getByText('Say which program to run.').waitFor();
  await dialog.getByLabel('Command', { exact: true }).fill("echo 'x");
  await dialog.getByText('A quote is not closed.').waitFor();
  await dialog.getByLabel('Command', { exact: true }).fill('echo x');
  await dialog.getByLabel('Memory').fill('1GiB');
  await dialog.getByText('A size such as 512M').waitFor();
  await dialog.getByLabel('Memory').fill('');
  await dialog.getByRole('radio', { name: 'Chosen nodes' }).click();
  await dialog.getByRole('checkbox', { name: /^kawa/ }).check();
  host.cluster.nodes.splice(
    host.cluster.nodes.findIndex((node) => node.hostname === 'kawa'),
    1,
  );
  await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
  await dialog.getByText('There is no node kawa.').waitFor();
  await close();
});

it('submits a sweep as one task for each combination', async () => {
  const { page, close } = await openPage(browser, host.url);
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByLabel('Command', { exact: true }).fill('train --lr span:[1,2] --seed span:{1..3}');
  await dialog.getByText('A sweep of 6:').waitFor();
  await dialog.getByRole('button', { name: 'Submit 6 tasks' }).click();
  await page.getByText('6 tasks accepted.').waitFor();
  const seeds = [...host.cluster.tasks.values()]
    .filter((task) => task.command === 'train')
    .map((task) => task.arguments.join(' '));
  expect(seeds).toContain('--lr 2 --seed 3');
  expect(seeds).toHaveLength(6);
  await close();
});

it('starts again from an existing task', async () => {
  const [id] = host.cluster.submit({
    command: 'again',
    arguments: ["it's"],
    priority: 7,
    container_name: 'NULL',
  }).ids;
  const { page, close } = await openPage(browser, `${host.url}/tasks/${id}`);
  await page.getByRole('button', { name: 'Same again' }).click();
  const dialog = page.getByRole('dialog', { name: 'New task' });
  expect(await dialog.getByLabel('Command', { exact: true }).inputValue()).toBe(`again 'it'\\''s'`);
  await dialog.getByRole('button', { name: 'Submit', exact: true }).click();
  await page.getByText('1 task accepted.').waitFor();
  const twin = [...host.cluster.tasks.values()].at(-1);
  expect(twin).toMatchObject({ command: 'again', arguments: ["it's"], priority: 7, container_name: null });
  await close();
});

it('drains a node and lets it go on', async () => {
  const { page, close } = await openPage(browser, `${host.url}/nodes/mizu`);
  await page.getByRole('button', { name: 'Drain' }).click();
  await eventually(() => host.cluster.node('mizu')?.drained, true);
  await page.getByRole('button', { name: 'Take tasks again' }).click();
  await eventually(() => host.cluster.node('mizu')?.drained, false);
  await close();
});

it('creates, packages and deletes an environment', async () => {
  const { page, close } = await openPage(browser, `${host.url}/environments`);
  await page.getByRole('button', { name: 'New environment' }).click();
  const dialog = page.getByRole('dialog', { name: 'New environment' });
  await dialog.getByLabel('Image').fill('debian:12');
  await dialog.getByLabel('Name').fill('Bad Name');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('A name begins with').waitFor();
  await dialog.getByLabel('Name').fill('mine');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await dialog.getByText('Downloading layers').waitFor();
  await page.getByText('mine was created.').waitFor();
  const card = page.getByRole('article', { name: 'mine' });
  await card.getByRole('button', { name: 'Package' }).click();
  await page.getByText('mine was packaged.').waitFor();
  await card.getByText('newest').waitFor();
  await card.getByRole('button', { name: 'Delete the container of mine' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await card.getByText('No container on the Host').waitFor();
  await close();
});

it('opens a terminal, and says when it has ended', async () => {
  const { page, complaints, close } = await openPage(
    browser,
    `${host.url}/terminal.html?environment=torch-2.6`,
  );
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.keyboard.type('hello\r');
  await page.getByText('hello: this terminal only echoes').first().waitFor();
  await page.keyboard.type('exit\r');
  await page.getByText('The shell has ended with exit code 0.').waitFor();
  await page.getByRole('button', { name: 'Connect again' }).click();
  await page.getByText('Connected', { exact: true }).waitFor();
  expect(complaints).toEqual([]);
  await close();
});

it('says that the Host is gone, and recovers when it is back', async () => {
  const mortal = await startFakeHost({ traffic: 0, tasks: 30 });
  const { page, close } = await openPage(browser, `${mortal.url}/tasks`);
  await page.locator('.task-row .c-id a').first().waitFor();
  await mortal.close();
  await page.getByRole('alert').getByText('The Host does not answer.').waitFor();
  const reborn = await startFakeHost({ traffic: 0, tasks: 30, port: mortal.port });
  const [id] = reborn.cluster.submit({ command: 'after-the-restart' }).ids;
  await page.getByRole('alert').waitFor({ state: 'hidden', timeout: 20_000 });
  await page.getByRole('link', { name: `#${id}` }).waitFor();
  await close();
  await reborn.close();
});
