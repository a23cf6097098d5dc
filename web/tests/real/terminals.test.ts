import { mkdir } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { launch, openPage } from '../browser/support';
import { api, order, statusOf, submit, url } from './support';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

const running = (id: string) => expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('running');
const button = (page: Page) => page.getByRole('link', { name: 'Terminal', exact: true });
const screen = (page: Page) => page.locator('.xterm-rows');

/** A picture for people who want to see it, when a folder is named for them. */
async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.HAKURIVER_PICTURES;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png` });
}

it('opens a terminal from the page of a running container task', async () => {
  const id = await submit('sleep 300', { container_name: 'base', required_cores: 0 });
  await running(id);
  const { page, complaints, close } = await openPage(browser, `${url}/tasks/${id}`);
  const opening = page.context().waitForEvent('page');
  await button(page).click();
  const shell = await opening;
  await shell.getByText('Connected', { exact: true }).waitFor();
  await shell.keyboard.type('echo "task $HAKURIVER_TASK_ID in $PWD: grüße 計算"\r');
  await screen(shell).getByText(`task ${id} in /shared: grüße 計算`).first().waitFor();
  await picture(page, 'task');
  await picture(shell, 'terminal');
  await shell.keyboard.type("echo be''gins; sleep 1000\r");
  await screen(shell).getByText('begins', { exact: true }).waitFor();
  await shell.keyboard.press('Control+c');
  await shell.keyboard.type('exit 4\r');
  await shell.getByText('The shell has ended with exit code 4.').waitFor();
  await shell.getByRole('button', { name: 'Connect again' }).click();
  await shell.getByText('Connected', { exact: true }).waitFor();
  await shell.keyboard.type("echo a''gain\r");
  await screen(shell).getByText('again', { exact: true }).waitFor();
  await api(`/api/tasks/${id}/kill`, {});
  await shell.getByText(/the container has ended, and the terminal in it/).waitFor();
  await shell.getByRole('button', { name: 'Connect again' }).click();
  await shell.getByText(`task ${id} is over (killed)`).waitFor();
  await picture(shell, 'refused');
  await button(page).waitFor({ state: 'hidden' });
  // The log of a task that writes nothing has no first byte.
  expect(complaints.filter((text) => !text.includes('416'))).toEqual([]);
  await close();
});

it('offers none for a task without a container, or one that is paused', async () => {
  const direct = await submit('sleep 300');
  await running(direct);
  const { page, close } = await openPage(browser, `${url}/tasks/${direct}`);
  await page.getByRole('button', { name: 'Kill' }).waitFor();
  expect(await button(page).count()).toBe(0);
  const paused = await submit('sleep 300', { container_name: 'base', required_cores: 0 });
  await running(paused);
  await page.goto(`${url}/tasks/${paused}`);
  await button(page).waitFor();
  await api(`/api/tasks/${paused}/pause`, {});
  await button(page).waitFor({ state: 'hidden' });
  await page.goto(`${url}/terminal.html?task=${paused}`);
  await page.getByText(/is paused, and a shell in it would be too; resume it first/).waitFor();
  await close();
  for (const id of [direct, paused]) await api(`/api/tasks/${id}/kill`, {});
});

it('says that the node is lost, and connects again when it is back', async () => {
  const id = await submit('sleep 300', { container_name: 'base', required_cores: 0 });
  await running(id);
  const { page, close } = await openPage(browser, `${url}/terminal.html?task=${id}`);
  await page.getByText('Connected', { exact: true }).waitFor();
  await order('kill n1');
  await page.getByText(/the connection to the node n1 is lost/).waitFor();
  await order('start n1');
  const again = page.getByRole('button', { name: 'Connect again' });
  const connected = async () => {
    if (await again.isVisible()) await again.click();
    return page.getByText('Connected', { exact: true }).isVisible();
  };
  await expect.poll(connected, { timeout: 20_000, interval: 500 }).toBe(true);
  await close();
  await api(`/api/tasks/${id}/kill`, {});
});
