import { existsSync } from 'node:fs';
import { build } from 'vite';

/** The tests look at dist/: it is built when it is not there. */
export async function setup(): Promise<void> {
  if (!existsSync('dist/index.html')) await build({ logLevel: 'warn' });
}
