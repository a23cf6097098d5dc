/** Where one task of a submission shall run: node[:numa][::gpu,gpu]. */
export interface Target {
  node: string;
  numa: number | null;
  gpus: number[];
}

export function targetText({ node, numa, gpus }: Target): string {
  return `${node}${numa === null ? '' : `:${numa}`}${gpus.length ? `::${gpus.join(',')}` : ''}`;
}

/** Reads what `targetText` writes; null when it is no target. */
export function parseTarget(text: string): Target | null {
  const match = /^([^:\s]+)(?::(\d+))?(?:::(\d+(?:,\d+)*))?$/.exec(text);
  if (!match) return null;
  return {
    node: match[1] ?? '',
    numa: match[2] === undefined ? null : Number(match[2]),
    gpus: match[3]?.split(',').map(Number) ?? [],
  };
}
