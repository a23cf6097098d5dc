import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventually, launch, openPage } from '../browser/support';
import { api, fillSubmit, shared, statusOf, submit, url, type Task } from './support';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

it.each(['/', '/nodes', '/nodes/n1', '/gpus', '/tasks', '/environments'])(
  '%s opens without complaints',
  async (path) => {
    const { page, complaints, close } = await openPage(browser, url + path);
    await page.getByText('HakuRiver').first().waitFor();
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.getByText(/^HakuRiver \d/).waitFor(); // the version has come: the live stream works
    expect(complaints).toEqual([]);
    await close();
  },
);

it('runs exactly what was typed, and shows what it wrote', async () => {
  const { page, complaints, close } = await openPage(browser, url);
  await fillSubmit(page, `printf '%s|' "two  words" '' '$HOME' "it's"`);
  await page.waitForURL(/\/tasks\/\d+$/);
  const id = page.url().split('/').at(-1) ?? '';
  await page.getByText("two  words||$HOME|it's|").first().waitFor();
  await eventually(() => statusOf(id), 'completed');
  expect(await readFile(join(shared, 'task_outputs', `${id}.out`), 'utf8')).toBe("two  words||$HOME|it's|");
  await page.getByText('Completed').first().waitFor();
  expect(complaints).toEqual([]);
  await close();
});

it('makes a task of every combination of a sweep', async () => {
  const { page, close } = await openPage(browser, url);
  await fillSubmit(page, 'echo span:[a,b] span:{1..2}');
  await page.waitForURL(/batch=\d+/);
  const batch = new URL(page.url()).searchParams.get('batch') ?? '';
  const { tasks } = await api<{ tasks: Task[] }>(`/api/tasks?batch=${batch}`);
  expect(tasks.map((task) => task.arguments.join(' ')).sort()).toEqual(['a 1', 'a 2', 'b 1', 'b 2']);
  await close();
});

it('follows a log, pauses, resumes and kills', async () => {
  const id = await submit(
    'trap "" TERM; echo pid $$; for i in $(seq 1000); do echo tick $i; sleep 0.1; done',
  );
  const { page, close } = await openPage(browser, `${url}/tasks/${id}`);
  await page
    .getByText(/tick 1\d$/)
    .first()
    .waitFor();
  const output = () => readFile(join(shared, 'task_outputs', `${id}.out`), 'utf8');
  const pid = /pid (\d+)/.exec(await output())?.[1] ?? '';
  const stateOf = async () =>
    /^State:\s+(\w)/m.exec(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => ''))?.[1];

  await page.getByRole('button', { name: 'Pause' }).click();
  await eventually(() => statusOf(id), 'paused');
  await page.getByRole('button', { name: 'Resume' }).click();
  await eventually(() => statusOf(id), 'running');
  await page.getByRole('button', { name: 'Kill' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Kill' }).click();
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('killed');
  expect(await stateOf()).toBeUndefined();
  await close();
});

it('says why a task waits, and lets it go on when a node is free again', async () => {
  const { nodes } = await api<{ nodes: { hostname: string }[] }>('/api/nodes');
  const { page, close } = await openPage(browser, url);
  for (const { hostname: name } of nodes) {
    await page.goto(`${url}/nodes/${name}`);
    await page.getByRole('button', { name: 'Drain' }).click();
    await page.getByRole('button', { name: 'Take tasks again' }).waitFor();
  }
  const id = await submit('true');
  await page.goto(`${url}/tasks/${id}`);
  await page.getByText('Why it waits').waitFor();
  await page.getByText(/drain/).first().waitFor();
  await page.goto(`${url}/nodes/${nodes[0]?.hostname}`);
  await page.getByRole('button', { name: 'Take tasks again' }).click();
  await eventually(() => statusOf(id), 'completed');
  for (const { hostname: name } of nodes.slice(1)) await api(`/api/nodes/${name}/undrain`, {});
  await close();
});

it('shows how a task failed', async () => {
  const id = await submit('echo "what went wrong" >&2; exit 7');
  await eventually(() => statusOf(id), 'failed');
  const { page, close } = await openPage(browser, `${url}/tasks/${id}`);
  await page.getByText('what went wrong').first().waitFor();
  await page.getByText('exit 7').first().waitFor();
  await close();
});

it('acts on all that is ticked: kills, and runs again', async () => {
  await api('/api/tasks', {
    command: 'sleep',
    arguments: ['301'],
    count: 3,
    container_name: 'NULL',
    required_cores: 0,
  });
  const { page, close } = await openPage(browser, `${url}/tasks?q=301`);
  const found = async (status: string) =>
    (await api<{ tasks: Task[] }>(`/api/tasks?q=301&status=${status}`)).tasks.length;
  await page.getByRole('button', { name: /Batch of 3/ }).waitFor();
  await eventually(() => found('running'), 3);
  await page.getByRole('checkbox', { name: /^Select the tasks of batch/ }).check();
  await page.getByRole('toolbar').getByRole('button', { name: /^Kill/ }).click();
  await page.getByRole('dialog', { name: 'Kill 3 tasks?' }).getByRole('button', { name: 'Kill' }).click();
  await expect.poll(() => found('killed'), { timeout: 20_000 }).toBe(3);
  await page.getByText('3 Killed').waitFor();
  await page.getByRole('checkbox', { name: /^Select the tasks of batch/ }).check();
  await page
    .getByRole('toolbar')
    .getByRole('button', { name: /^Run again/ })
    .click();
  await eventually(() => found('running'), 3);
  const again = (await api<{ tasks: Task[] }>('/api/tasks?q=301&status=running')).tasks;
  for (const { task_id: id } of again) await api(`/api/tasks/${id}/kill`, {});
  await close();
});

it('puts the complaint of the Host beside the field it is about', async () => {
  const { page, close } = await openPage(browser, url);
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByLabel('Command', { exact: true }).fill('true');
  await dialog.getByLabel('Cores').fill('64');
  await dialog.getByRole('button', { name: /^Submit/ }).click();
  await dialog
    .getByText(/4 cores/)
    .first()
    .waitFor();
  await dialog.getByLabel('Cores').fill('1');
  await dialog.getByLabel('Environment', { exact: true }).selectOption('NULL');
  await dialog.getByText('More options').click();
  await dialog.getByLabel('Working directory').fill('/no/such/folder/../x');
  await dialog.getByLabel('Environment variables').fill('1A=b');
  await dialog.getByRole('button', { name: /^Submit/ }).click();
  await dialog.getByText(/1A=b/).nth(1).waitFor();
  await close();
});

it.each(['/nodes/gpu-1.lab.example', '/tasks/1', '/tasks?status=failed'])(
  'opens %s as a deep link',
  async (path) => {
    const reply = await fetch(url + path);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  },
);
