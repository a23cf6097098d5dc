/** Bodies of the task routes, as the Host describes them. Times are ISO 8601, sizes bytes. */
import type { Body } from './body';

export const TASK_STATES = [
  'pending',
  'assigning',
  'running',
  'paused',
  'lost',
  'completed',
  'failed',
  'killed',
  'killed_oom',
] as const satisfies readonly TaskState[];
export type TaskState = Body<'Task'>['status'];

export type EndReason = NonNullable<Body<'Task'>['end_reason']>;

export type Strategy = NonNullable<Body<'Task'>['strategy']>;
export const STRATEGIES = [
  'first-fit',
  'best-fit',
  'least-loaded',
  'round-robin',
] as const satisfies readonly Strategy[];

export type TaskView = Body<'Task'>;
/** `next` is handed back as `after` for the tasks that follow; null on the last page. */
export type TaskList = Body<'TaskList'>;
export type AttemptView = Body<'Attempt'>;
export type EventView = Body<'Event'>;
export type TaskHistory = Body<'TaskHistory'>;
export type NodeVerdict = Body<'NodeVerdict'>;
export type Explanation = Body<'Explanation'>;
export type BatchView = Omit<Body<'Batch'>, 'counts'> & { counts: Partial<Record<TaskState, number>> };
/** Absent fields mean the Host's default. */
export type SubmitRequest = Body<'SubmitRequest'>;
export type FailedTarget = Body<'FailedTarget'>;
export type SubmitReply = Body<'SubmitReply'>;
export type SelectionReply = Body<'SelectionReply'>;
export type MessageReply = Body<'Message'>;
