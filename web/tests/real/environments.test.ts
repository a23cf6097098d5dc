import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, launch, openPage } from '../browser/support';
import { fillSubmit, shared, statusOf, submit, taskOf, url } from './support';

const run = promisify(execFile);
const TARBALLS = join(shared, 'hakuriver-containers');

let browser: Browser;
let page: Page;
let complaints: string[];
let close: () => Promise<void>;
beforeAll(async () => {
  browser = await launch();
  ({ page, complaints, close } = await openPage(browser, `${url}/environments`));
});
afterAll(async () => {
  await close();
  await browser.close();
});

/** What the engine itself says, or its complaint. */
async function docker(...words: string[]): Promise<string> {
  const all = ['-H', `unix://${process.env.HAKURIVER_ENGINE}`, ...words];
  return run('docker', all).then(
    ({ stdout }) => stdout.trim(),
    (failure: { stderr: string }) => failure.stderr.trim(),
  );
}
const running = () => docker('inspect', 'mine', '--format', '{{.State.Running}}');
const card = () => page.getByRole('article', { name: 'mine', exact: true });
const tarballs = async () => (await readdir(TARBALLS)).filter((name) => name.startsWith('mine-'));

async function create(image: string, name: string): Promise<void> {
  await page.getByRole('button', { name: 'New environment' }).click();
  const dialog = page.getByRole('dialog', { name: 'New environment' });
  await dialog.getByLabel('Image').fill(image);
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByRole('button', { name: 'Create' }).click();
}

it('creates a container on the Host', async () => {
  await create('busybox:test', 'mine');
  await page.getByText('mine was created.').waitFor();
  await card().getByText('running', { exact: true }).waitFor();
  expect(await running()).toBe('true');
});

it('says what is wrong with an image, and with a name that is taken', async () => {
  await create('no/such-image:1', 'other');
  await page
    .getByText(/no\/such-image:1 is not on the Host and could not be pulled/)
    .first()
    .waitFor({ timeout: 20_000 });
  const dialog = page.getByRole('dialog', { name: 'New environment' });
  await dialog.getByLabel('Image').fill('busybox:test');
  await dialog.getByLabel('Name').fill('mine');
  await dialog.getByRole('button', { name: 'Create' }).click();
  await page
    .getByText(/mine.*(already|exists|taken)|already.*mine/)
    .first()
    .waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  expect(await docker('ps', '-a', '--format', '{{.Names}}')).not.toContain('other');
});

it('opens a shell in it that answers, knows its size, and says how it ended', async () => {
  const shell = await openPage(browser, `${url}/terminal.html?environment=mine`);
  await shell.page.getByText('Connected', { exact: true }).waitFor();
  await shell.page.keyboard.type('echo $((6*7)) > /made; echo "answer: $((6*7))"\r');
  await shell.page.getByText('answer: 42').first().waitFor();
  await eventually(() => docker('exec', 'mine', 'cat', '/made'), '42');
  await shell.page.setViewportSize({ width: 700, height: 500 });
  const columns = async () => {
    await shell.page.keyboard.type('clear; busybox stty size\r');
    return Number(/\b\d+ (\d+)\b/.exec(await shell.page.locator('.xterm-rows').innerText())?.[1] ?? 999);
  };
  await expect.poll(columns, { timeout: 10_000, interval: 500 }).toBeLessThan(90);
  await shell.page.keyboard.type('exit 3\r');
  await shell.page.getByText('The shell has ended with exit code 3.').waitFor();
  expect(shell.complaints).toEqual([]);
  await shell.close();
});

it('says that a shell is lost when its container is stopped, and connects again', async () => {
  const shell = await openPage(browser, `${url}/terminal.html?environment=mine`);
  await shell.page.getByText('Connected', { exact: true }).waitFor();
  await card().getByRole('button', { name: 'Stop' }).click();
  await eventually(running, 'false');
  const again = shell.page.getByRole('button', { name: 'Connect again' });
  await again.waitFor();
  await card().getByText('stopped', { exact: true }).waitFor();
  await card().getByRole('button', { name: 'Start' }).click();
  await eventually(running, 'true');
  await again.click();
  await shell.page.getByText('Connected', { exact: true }).waitFor();
  await shell.close();
});

it('packages it, and a task runs in it with what was made by hand', async () => {
  await card().getByRole('button', { name: 'Package' }).click();
  await page.getByText('mine was packaged.').waitFor({ timeout: 20_000 });
  await card().getByText('newest').waitFor();
  expect(await tarballs()).toHaveLength(1);
  await fillSubmit(page, 'cat /made', 'mine');
  await page.waitForURL(/\/tasks\/\d+$/);
  const id = page.url().split('/').at(-1) ?? '';
  await page.getByText('42').first().waitFor({ timeout: 20_000 });
  await eventually(() => statusOf(id), 'completed');
  expect((await taskOf(id)).container_name).toBe('mine');
  expect(await readFile(join(shared, 'task_outputs', `${id}.out`), 'utf8')).toBe('42\n');
  await page.goto(`${url}/environments`);
  await card().getByText('on 1 of 1 node').waitFor({ timeout: 20_000 });
});

it('submits a task to a chosen version, and offers the same again', async () => {
  const version = (await tarballs())[0]?.match(/\d+(?=\.tar$)/)?.[0] ?? '';
  await fillSubmit(page, 'cat /made', 'mine', version);
  await page.waitForURL(/\/tasks\/\d+$/);
  const id = page.url().split('/').at(-1) ?? '';
  await eventually(() => statusOf(id), 'completed');
  expect((await taskOf(id)).container_name).toBe(`mine:${version}`);
  await page.getByRole('button', { name: 'Same again' }).click();
  const dialog = page.getByRole('dialog', { name: 'New task' });
  expect(await dialog.getByLabel('Version').inputValue()).toBe(version);
  await page.keyboard.press('Escape');
  await page.goto(`${url}/environments`);
  await card().waitFor();
});

it('does not offer the container of a task as an environment', async () => {
  const id = await submit('sleep 300', { container_name: 'mine' });
  await eventually(() => statusOf(id), 'running');
  await page.reload();
  await card().waitFor();
  expect(await docker('ps', '--format', '{{.Names}}')).toContain('hakuriver-task');
  expect(await page.getByRole('article').allInnerTexts()).not.toContainEqual(
    expect.stringContaining('hakuriver-task'),
  );
  await page.goto(`${url}/tasks/${id}`);
  await page.getByRole('button', { name: 'Kill' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click();
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('killed');
  await page.goto(`${url}/environments`);
});

it('deletes a version, and the container', async () => {
  await card()
    .getByRole('button', { name: /^Delete version/ })
    .click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await eventually(tarballs, []);
  await card().getByText('Not packaged yet').waitFor();
  await card().getByRole('button', { name: 'Delete the container of mine' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
  expect(await running()).toBe('true');
  await card().getByRole('button', { name: 'Delete the container of mine' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
  await card().waitFor({ state: 'hidden', timeout: 30_000 });
  expect(await running()).toContain('No such');
  // What was refused above, and the log of a task that has written nothing yet.
  expect(complaints.filter((text) => !/40[09]|416|422/.test(text))).toEqual([]);
});
