import type { TaskView } from '@/api/task';
import { quoteWords } from '@/submit/quote';
import { t } from '@/texts';
import { formatDuration } from './time';
import { formatRanges } from './number';

/** The command as it could be typed. */
export const commandLine = (task: Pick<TaskView, 'command' | 'arguments'>): string =>
  quoteWords([task.command, ...task.arguments]);

/** "exit 1", "signal 9", or nothing while it has not ended. */
export function exitText(task: TaskView): string {
  if (task.signal !== null) return t.task.signal(task.signal);
  return task.exit_code === null ? '' : t.task.exit(task.exit_code);
}

/** Why it ended, in one line. */
export const endSentence = (task: TaskView): string => task.error_message || exitText(task);

/** How long it has run, or ran; empty before it started. */
export function runTime(task: TaskView, now: number): string {
  if (!task.started_at) return '';
  const end = task.completed_at ? Date.parse(task.completed_at) : now;
  return formatDuration(end - Date.parse(task.started_at));
}

/** "kawa:0 · GPU 0-3": where it runs, or where it is asked to. */
export function placeText(task: TaskView): string {
  const node = task.assigned_node ?? task.target.split(/::?/)[0];
  if (!node) return '';
  const numa = task.target_numa_node_id === null ? '' : `:${task.target_numa_node_id}`;
  return node + numa;
}

export const gpuText = (task: TaskView): string =>
  task.required_gpus.length ? formatRanges(task.required_gpus) : task.gpu_count ? `×${task.gpu_count}` : '';
