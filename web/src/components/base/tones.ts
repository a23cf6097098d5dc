import type { TaskState } from '@/api/task';

/** Colour families of states; the classes are in styles/controls.css. */
export type Tone =
  'tone-wait' | 'tone-run' | 'tone-hold' | 'tone-good' | 'tone-bad' | 'tone-warn' | 'tone-mute';

const TONES: Record<TaskState, Tone> = {
  pending: 'tone-wait',
  assigning: 'tone-run',
  running: 'tone-run',
  paused: 'tone-hold',
  lost: 'tone-warn',
  completed: 'tone-good',
  failed: 'tone-bad',
  killed: 'tone-mute',
  killed_oom: 'tone-bad',
};

export const toneOf = (state: TaskState): Tone => TONES[state];
