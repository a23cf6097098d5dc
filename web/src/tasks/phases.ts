import type { EventView, TaskView } from '@/api/task';

export type PhaseName = 'queued' | 'preparing' | 'running' | 'ended';

export interface Phase {
  name: PhaseName;
  /** Milliseconds since 1970; null while it has not begun. */
  begin: number | null;
  /** Null while it goes on, or has not begun. */
  end: number | null;
}

const time = (iso: string | null | undefined): number | null => (iso ? Date.parse(iso) : null);

/** The life of a task's last attempt in four steps. */
export function phasesOf(task: TaskView, events: readonly EventView[]): Phase[] {
  const submitted = time(task.submitted_at);
  const started = time(task.started_at);
  const ended = time(task.completed_at);
  const assigned =
    time(events.findLast((event) => event.kind === 'assigned')?.at) ?? (task.assigned_node ? started : null);
  const firstEnd = assigned ?? started ?? ended;
  return [
    { name: 'queued', begin: submitted, end: firstEnd },
    { name: 'preparing', begin: assigned, end: assigned === null ? null : (started ?? ended) },
    { name: 'running', begin: started, end: started === null ? null : ended },
    { name: 'ended', begin: ended, end: null },
  ];
}

/** How long a phase took, or has taken; null when it has not begun or has no length. */
export function phaseLength(phase: Phase, now: number): number | null {
  if (phase.begin === null || phase.name === 'ended') return null;
  return Math.max(0, (phase.end ?? now) - phase.begin);
}
