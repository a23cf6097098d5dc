import type { TaskState, TaskView } from '@/api/task';
import { actOnTask, actOnTasks, retryTask, type TaskAction } from '@/api/tasks';
import { sentenceOf } from '@/api/http';
import { commandLine } from '@/format/task';
import { useConfirm } from '@/stores/confirm';
import { useNotices } from '@/stores/notices';
import { t } from '@/texts';

const ALLOWED: Record<TaskAction, readonly TaskState[]> = {
  kill: ['pending', 'assigning', 'running', 'paused', 'lost'],
  pause: ['running'],
  resume: ['paused'],
  retry: ['completed', 'failed', 'killed', 'killed_oom', 'lost'],
};

/** Whether the Host is likely to do it; the Host decides. */
export const canDo = (action: TaskAction, state: TaskState): boolean => ALLOWED[action].includes(state);

/** Acts on one task, after a question where it cannot be undone, and says how it went. */
export async function actOn(task: TaskView, action: TaskAction): Promise<void> {
  const subject = commandLine(task);
  if (action === 'kill' && !(await confirmKill(t.task.killTitle(task.task_id), subject))) return;
  const notices = useNotices();
  if (action !== 'retry') {
    await notices.attempt(() => actOnTask(task.task_id, action));
    return;
  }
  try {
    const reply = await retryTask(task.task_id);
    const id = reply.task_ids[0];
    notices.say('good', reply.message, id ? { to: `/tasks/${id}`, text: t.task.open(id) } : undefined);
  } catch (failure) {
    notices.say('bad', sentenceOf(failure));
  }
}

/** Acts on several; true when the Host was reached. */
export async function actOnSelection(ids: string[], action: TaskAction): Promise<boolean> {
  if (action === 'kill' && !(await confirmKill(t.tasks.killTitle(ids.length)))) return false;
  const notices = useNotices();
  try {
    const { done, refused } = await actOnTasks(ids, action);
    if (done.length) notices.say('good', t.tasks.done[action](done.length));
    if (refused.length) notices.say('bad', t.tasks.refused(refused.length, refused[0]?.reason ?? ''));
    return true;
  } catch (failure) {
    notices.say('bad', sentenceOf(failure));
    return false;
  }
}

const confirmKill = (title: string, subject?: string): Promise<boolean> =>
  useConfirm().ask({ title, text: t.task.killText, subject, confirm: t.actions.kill, dangerous: true });
