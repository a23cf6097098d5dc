/** A line of the task table: a task, or the head of a batch whose tasks may be folded under it. */
export type Line =
  | { kind: 'task'; id: string; batch: string; nested: boolean }
  | { kind: 'batch'; batch: string; ids: readonly string[]; open: boolean };

/**
 * Lines for tasks in list order. Neighbours of one batch get a head; those of a batch that is not in `open` are left
 * out under it.
 */
export function foldBatches(
  ids: readonly string[],
  batchOf: (id: string) => string,
  open: ReadonlySet<string>,
): Line[] {
  const lines: Line[] = [];
  for (let begin = 0; begin < ids.length;) {
    const batch = batchOf(ids[begin] ?? '');
    let end = begin + 1;
    while (end < ids.length && batchOf(ids[end] ?? '') === batch) end++;
    const members = ids.slice(begin, end);
    const isOpen = open.has(batch);
    if (members.length > 1) lines.push({ kind: 'batch', batch, ids: members, open: isOpen });
    if (members.length === 1 || isOpen) {
      for (const id of members) lines.push({ kind: 'task', id, batch, nested: members.length > 1 });
    }
    begin = end;
  }
  return lines;
}

export const flatLines = (ids: readonly string[], batchOf: (id: string) => string): Line[] =>
  ids.map((id) => ({ kind: 'task', id, batch: batchOf(id), nested: false }));
