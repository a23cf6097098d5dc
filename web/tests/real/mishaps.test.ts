import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, launch, openPage } from '../browser/support';
import { api, order, statusOf, submit, submitEndless, url } from './support';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Longer than a page may need to notice and to try again. */
const PATIENCE = { timeout: 30_000 };

it('says that the Host is gone, and shows what happened meanwhile when it is back, without a reload', async () => {
  const { id, end } = await submitEndless();
  const { page, close } = await openPage(browser, `${url}/tasks/${id}`);
  await page.getByText('Running', { exact: true }).first().waitFor();
  await page.evaluate(() => document.body.setAttribute('data-same', 'yes'));
  await order('kill host');
  await end();
  await page.getByRole('alert').getByText('The Host does not answer.').waitFor(PATIENCE);
  await order('start host');
  await page.getByRole('alert').waitFor({ state: 'hidden', ...PATIENCE });
  await page.getByText('Completed', { exact: true }).first().waitFor(PATIENCE);
  expect(await page.locator('body').getAttribute('data-same')).toBe('yes');
  await close();
});

it('shows that a node has gone silent, and that it is back', async () => {
  const { page, close } = await openPage(browser, `${url}/nodes/n2`);
  await page.getByText('online', { exact: true }).first().waitFor();
  await order('freeze n2');
  await page.getByText(/^offline for/).waitFor(PATIENCE);
  await page.goto(url);
  await page.getByText('1 of 2 nodes online').waitFor();
  await order('thaw n2');
  await page.getByText('2 nodes, all online').waitFor(PATIENCE);
  await close();
});

it('does no harm when a task ends while somebody is asked whether to kill it', async () => {
  const { id, end } = await submitEndless();
  const { page, close } = await openPage(browser, `${url}/tasks/${id}`);
  await page.getByRole('button', { name: 'Kill' }).click();
  const dialog = page.getByRole('dialog');
  await end();
  await eventually(() => statusOf(id), 'completed');
  await dialog.getByRole('button', { name: 'Kill' }).click();
  await page
    .getByRole('alert')
    .or(page.getByRole('status'))
    .getByText(/is over|has ended|completed/)
    .first()
    .waitFor();
  expect(await statusOf(id)).toBe('completed');
  await page.getByRole('button', { name: 'Run again' }).waitFor();
  await close();
});

it('lets two tabs do the same thing: one does it, the other is told', async () => {
  const id = await submit('sleep 300');
  await eventually(() => statusOf(id), 'running');
  const tabs = await Promise.all([0, 1].map(() => openPage(browser, `${url}/tasks/${id}`)));
  for (const { page } of tabs) await page.getByRole('button', { name: 'Kill' }).click();
  await Promise.all(
    tabs.map(({ page }) => page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click()),
  );
  for (const { page } of tabs) await page.getByText('Killed', { exact: true }).first().waitFor(PATIENCE);
  expect(await statusOf(id)).toBe('killed');
  for (const { page, close } of tabs) {
    await page.getByRole('button', { name: 'Run again' }).waitFor();
    await close();
  }
});

it('drains in one tab and shows it in the other', async () => {
  const first = await openPage(browser, `${url}/nodes/n1`);
  const second = await openPage(browser, `${url}/nodes/n1`);
  await first.page.getByRole('button', { name: 'Drain' }).click();
  await second.page.getByRole('button', { name: 'Take tasks again' }).click();
  await first.page.getByRole('button', { name: 'Drain' }).waitFor();
  expect((await api<{ drained: boolean }>('/api/nodes/n1')).drained).toBe(false);
  await first.close();
  await second.close();
});
