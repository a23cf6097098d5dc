import { access, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';

export const url = process.env.HAKURIVER_URL ?? '';
export const shared = process.env.HAKURIVER_SHARED ?? '';

export async function api<T>(path: string, body?: object): Promise<T> {
  const reply = await fetch(url + path, {
    method: body ? 'POST' : 'GET',
    headers: body ? { 'Content-Type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  return (await reply.json()) as T;
}

export interface Task {
  task_id: string;
  status: string;
  exit_code: number | null;
  arguments: string[];
  container_name: string | null;
}
export const taskOf = (id: string): Promise<Task> => api<Task>(`/api/tasks/${id}`);
export const statusOf = async (id: string): Promise<string> => (await taskOf(id)).status;

export async function submit(script: string, fields: object = {}): Promise<string> {
  const body = { command: 'sh', arguments: ['-c', script], container_name: 'NULL', ...fields };
  return (await api<{ task_ids: string[] }>('/api/tasks', body)).task_ids[0] ?? '';
}

/** A task that runs until `end` is called. */
export async function submitEndless(): Promise<{ id: string; end: () => Promise<void> }> {
  const file = join(shared, `end-${Date.now()}`);
  const id = await submit(`while [ ! -e ${file} ]; do sleep 0.1; done`);
  await expect.poll(() => statusOf(id), { timeout: 20_000 }).toBe('running');
  return { id, end: () => writeFile(file, '') };
}

/** Submits a command as a user does, and opens what came of it. */
export async function fillSubmit(page: Page, command: string, environment = '', version = ''): Promise<void> {
  await page.keyboard.press('n');
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByLabel('Command', { exact: true }).fill(command);
  if (environment) await dialog.getByLabel('Environment', { exact: true }).selectOption(environment);
  if (version) await dialog.getByLabel('Version').selectOption(version);
  await dialog.getByRole('button', { name: /^Submit/ }).click();
  await page.getByRole('link', { name: 'Show' }).click();
}

/** Makes a part of the cluster fail or work again, as in "kill host", "start host", "freeze n2", "thaw n2". */
export async function order(text: string): Promise<void> {
  const file = process.env.HAKURIVER_ORDERS ?? '';
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file); // never seen half written
  const pending = () =>
    access(file).then(
      () => true,
      () => false,
    );
  await expect.poll(pending, { timeout: 10_000, interval: 50 }).toBe(false);
}
