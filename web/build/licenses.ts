import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin, Rolldown } from 'vite';

const PACKAGE = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;

/** Emits licenses.txt: the licence of every package and font that is in the build. */
export function emitLicenses(): Plugin {
  return {
    name: 'emit-licenses',
    apply: 'build',
    generateBundle(_options, bundle) {
      const folders = new Set(
        Object.values(bundle)
          .flatMap(sourcesOf)
          .flatMap((path) => PACKAGE.exec(path)?.[0] ?? []),
      );
      const source = [...folders].sort().map(licenseOf).join('\n\n');
      this.emitFile({ type: 'asset', fileName: 'licenses.txt', source });
    },
  };
}

function sourcesOf(output: Rolldown.OutputChunk | Rolldown.OutputAsset): string[] {
  if (output.type === 'chunk') return Object.keys(output.modules);
  return output.originalFileNames.map((name) => join(process.cwd(), name));
}

function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as Package;
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), 'utf8').trim() : '';
  return `${name} ${version} (${license})\n${'-'.repeat(72)}\n${text}`;
}

interface Package {
  name: string;
  version: string;
  license: string;
}
