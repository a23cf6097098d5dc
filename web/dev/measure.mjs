#!/usr/bin/env node
/**
 * What the dashboard costs: bytes of the first visit, and CPU while it is only looked at (for more than 15 s, see src/live/pace.ts), against a pretended cluster
 * of 20 nodes with 8 GPUs each that sends its state every second and has 100,000 tasks. CPU is that of all processes of
 * Chromium, headless and drawing in software, over 30 s; the floor is the same browser with an empty page.
 *
 *   node dev/measure.mjs [SECONDS]
 */
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const SECONDS = Number(process.argv[2] ?? 30);
const TICKS_PER_SECOND = 100;
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** Until what opening a page costs is over, and the page takes itself for one that is only looked at. */
const SETTLE = 22;
const MOST_KB = 350;
const MOST_PERCENT = 5;
const PAGES = ['/', '/nodes', '/nodes/kawa', '/gpus', '/tasks'];

const line = (what, ours, beside, verdict) =>
  console.log(`  ${what.padEnd(58)} ${ours.padStart(16)}   ${beside.padEnd(38)} ${verdict}`);
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** The pretending Host in a process of its own, whose work does not count. */
async function startHost() {
  const script = fileURLToPath(new URL('fake-host.mjs', import.meta.url));
  const options = ['--port', '0', '--nodes', '20', '--gpus', '8', '--tasks', '100000'];
  const host = fork(script, options, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
  const text = await new Promise((resolve) => host.stdout.once('data', (data) => resolve(String(data))));
  return { host, url: /http:\S+/.exec(text)[0] };
}

const statOf = (pid) => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return null; // it has ended
  }
};

/** CPU time in seconds of every process of this browser, which are our descendants as the Host is not. */
function browserTime(except) {
  const stats = new Map();
  for (const name of readdirSync('/proc')) if (/^\d+$/.test(name)) stats.set(Number(name), statOf(name));
  const ours = (pid) => {
    for (let at = pid; stats.get(at); at = stats.get(at).parent) {
      if (at === except) return false;
      if (stats.get(at).parent === process.pid) return true;
    }
    return false;
  };
  const ticks = [...stats]
    .filter(([pid, stat]) => stat && ours(pid))
    .reduce((sum, [, { ticks }]) => sum + ticks, 0);
  return ticks / TICKS_PER_SECOND;
}

async function idlePercent(except) {
  const begin = [browserTime(except), performance.now()];
  await sleep(SECONDS);
  return (100 * (browserTime(except) - begin[0])) / ((performance.now() - begin[1]) / 1000);
}

async function firstVisitKB(browser, url) {
  const page = await browser.newPage();
  const session = await page.context().newCDPSession(page);
  await session.send('Network.enable');
  const assets = new Set();
  let bytes = 0;
  session.on('Network.responseReceived', ({ requestId, response }) => {
    if (!new URL(response.url).pathname.startsWith('/api/')) assets.add(requestId);
  });
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (assets.has(requestId)) bytes += encodedDataLength;
  });
  await page.goto(url);
  await page.getByText('Recent failures').waitFor();
  await sleep(3);
  await page.close();
  return bytes / 1000;
}

/**
 * A browser that nobody watches: a debugger that is attached is told every event, which costs more than to show it.
 * Pages are opened by a request to the debugging port, without a debugger.
 */
async function startBrowser() {
  const folder = mkdtempSync(join(tmpdir(), 'hk-browser-'));
  const words = ['--headless=new', '--no-sandbox', '--no-first-run', '--window-size=1440,900'];
  const own = ['--remote-debugging-port=0', `--user-data-dir=${folder}`, 'about:blank'];
  const browser = spawn(CHROMIUM, [...words, ...own], { stdio: 'ignore' });
  const portFile = join(folder, 'DevToolsActivePort');
  while (!existsSync(portFile)) await sleep(0.1);
  await sleep(1);
  const base = `http://127.0.0.1:${readFileSync(portFile, 'utf8').split('\n')[0]}/json`;
  const close = async () => {
    const ended = once(browser, 'exit');
    browser.kill();
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }); // its helpers end last
  };
  return { open: (address) => show(base, address), close };
}

/** Shows this page and no other; fails when it is not the dashboard's. */
async function show(base, address) {
  const before = await (await fetch(`${base}/list`)).json();
  const { id } = await (await fetch(`${base}/new?${encodeURIComponent(address)}`, { method: 'PUT' })).json();
  for (const page of before) await fetch(`${base}/close/${page.id}`);
  await sleep(SETTLE);
  const { title } = (await (await fetch(`${base}/list`)).json()).find((page) => page.id === id);
  if (address !== 'about:blank' && !title.includes('HakuRiver'))
    throw new Error(`${address} shows "${title}"`);
}

async function measureSize(url) {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  const size = await firstVisitKB(browser, url);
  await browser.close();
  const verdict = size <= MOST_KB ? 'ok' : 'MISSED';
  line('first visit: all but the API, as it travels', `${size.toFixed(0)} kB`, `aim: ${MOST_KB} kB`, verdict);
}

async function measureIdle(host, url) {
  const browser = await startBrowser();
  await browser.open('about:blank');
  const floor = await idlePercent(host.pid);
  for (const path of PAGES) {
    await browser.open(url + path);
    const spent = await idlePercent(host.pid);
    const beside = `aim: ${MOST_PERCENT}%, empty page: ${floor.toFixed(1)}%`;
    const verdict = spent < MOST_PERCENT ? 'ok' : 'MISSED';
    line(`${path} in view, 160 GPUs, 100,000 tasks`, `${spent.toFixed(1)}% of a core`, beside, verdict);
  }
  await browser.close();
}

const { host, url } = await startHost();
try {
  await measureSize(url);
  await measureIdle(host, url);
} finally {
  host.kill();
}
