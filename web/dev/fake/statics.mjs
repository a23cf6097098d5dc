/** Serves web/dist with the policy that the Host sends. */
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};

const POLICY =
  "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'";
const STRICT = `${POLICY}; style-src 'self'`;
const TERMINAL = `${POLICY}; style-src 'self' 'unsafe-inline'`;

export async function serveStatic(path, acceptsBrotli) {
  const page = !extname(path) || path.startsWith('/nodes/'); // names of nodes may hold dots
  const name = page ? '/index.html' : normalize(path);
  const headers = {
    'Content-Type': TYPES[extname(name)] ?? 'application/octet-stream',
    'Content-Security-Policy': name === '/terminal.html' ? TERMINAL : STRICT,
    'Cache-Control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  };
  const plain = join(DIST, name);
  const packed = acceptsBrotli ? await readFile(`${plain}.br`).catch(() => null) : null;
  if (packed) return { status: 200, body: packed, headers: { ...headers, 'Content-Encoding': 'br' } };
  const body = await readFile(plain).catch(() => null);
  return body
    ? { status: 200, body, headers }
    : { status: 404, body: 'not found', headers: { 'Content-Type': 'text/plain' } };
}
