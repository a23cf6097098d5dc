import { getJson, postJson } from './http';
import type {
  BatchView,
  Explanation,
  MessageReply,
  SelectionReply,
  SubmitReply,
  SubmitRequest,
  TaskHistory,
  TaskList,
  TaskState,
  TaskView,
} from './task';

/** The Host takes at most this many tasks in one action. */
export const MOST_SELECTED = 1000;

export interface TaskQuery {
  status?: readonly TaskState[];
  node?: string;
  batch?: string;
  container?: string;
  user?: string;
  q?: string;
  limit?: number;
  after?: string;
}

export type TaskAction = 'kill' | 'pause' | 'resume' | 'retry';

export function queryString(query: TaskQuery): string {
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    const text = Array.isArray(value) ? value.join(',') : String(value ?? '');
    if (text) parameters.set(key, text);
  }
  return parameters.size ? `?${parameters}` : '';
}

const path = (id: string): string => `/api/tasks/${encodeURIComponent(id)}`;

export const listTasks = (query: TaskQuery, signal?: AbortSignal): Promise<TaskList> =>
  getJson(`/api/tasks${queryString(query)}`, signal);
export const getTask = (id: string, signal?: AbortSignal): Promise<TaskView> => getJson(path(id), signal);
export const explainTask = (id: string, signal?: AbortSignal): Promise<Explanation> =>
  getJson(`${path(id)}/explain`, signal);
export const getHistory = (id: string, signal?: AbortSignal): Promise<TaskHistory> =>
  getJson(`${path(id)}/history`, signal);
export const getBatch = (id: string): Promise<BatchView> => getJson(`/api/batches/${encodeURIComponent(id)}`);
export const submitTask = (request: SubmitRequest): Promise<SubmitReply> => postJson('/api/tasks', request);
export const retryTask = (id: string): Promise<SubmitReply> => postJson(`${path(id)}/retry`);
export const actOnTask = (id: string, action: Exclude<TaskAction, 'retry'>): Promise<MessageReply> =>
  postJson(`${path(id)}/${action}`);
export const actOnTasks = (ids: string[], action: TaskAction): Promise<SelectionReply> =>
  postJson(`/api/tasks/${action}`, { task_ids: ids });
