import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { startFakeHost } from '../../dev/fake-host.mjs';

export type FakeHost = Awaited<ReturnType<typeof startFakeHost>>;

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ['--no-sandbox'] });

/** What xterm says when the machine was busy: a time, and tests assert none. */
const SLOW = /^task queue exceeded allotted deadline by \d+ms$/;

/** A page that remembers everything the browser complained about, violations of the security policy included. */
export async function openPage(
  browser: Browser,
  address: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; complaints: string[]; close: () => Promise<void> }> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    const text = message.text();
    if (['error', 'warning'].includes(message.type()) && !SLOW.test(text)) complaints.push(text);
  });
  page.setDefaultTimeout(10_000);
  await page.goto(address);
  return { page, complaints, close: () => context.close() };
}

/** Waits until `value` gives what is expected; the last difference is the failure. */
export const eventually = <T>(value: () => T | Promise<T>, expected: T): Promise<void> =>
  expect.poll(value, { timeout: 10_000, interval: 50 }).toEqual(expected) as Promise<void>;
