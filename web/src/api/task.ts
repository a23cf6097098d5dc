/** Bodies of the task routes, field by field as the Host writes them. Times are ISO 8601, sizes bytes. */

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
] as const;
export type TaskState = (typeof TASK_STATES)[number];

export type EndReason = 'exited' | 'killed' | 'oom' | 'not_started' | 'interrupted';

export const STRATEGIES = ['first-fit', 'best-fit', 'least-loaded', 'round-robin'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export interface TaskView {
  task_id: string;
  batch_id: string;
  command: string;
  arguments: string[];
  env_vars: Record<string, string>;
  required_cores: number;
  required_memory_bytes: number | null;
  required_gpus: number[];
  gpu_count: number;
  container_name: string | null;
  environment_version: string;
  privileged: boolean;
  additional_mounts: string[];
  working_directory: string;
  priority: number;
  strategy: Strategy | null;
  submitted_by: string;
  status: TaskState;
  target: string;
  assigned_node: string | null;
  target_numa_node_id: number | null;
  attempt: number;
  stdout_path: string;
  stderr_path: string;
  exit_code: number | null;
  signal: number | null;
  end_reason: EndReason | null;
  error_message: string;
  progress: string;
  waiting_reason: string;
  warnings: string[];
  kill_requested: boolean;
  submitted_at: string;
  started_at: string | null;
  completed_at: string | null;
  peak_memory_bytes: number | null;
  cpu_time_us: number | null;
}

export interface TaskList {
  tasks: TaskView[];
  total: number;
  /** Hand it back as `after` for the tasks that follow; null on the last page. */
  next: string | null;
}

export interface AttemptView {
  number: number;
  node: string;
  status: TaskState;
  numa: number | null;
  gpus: number[];
  assigned_at: string;
  started_at: string | null;
  completed_at: string | null;
  exit_code: number | null;
  end_reason: EndReason | null;
  message: string;
}

export interface EventView {
  at: string;
  kind: string;
  node: string;
  detail: string;
}

export interface TaskHistory {
  attempts: AttemptView[];
  events: EventView[];
}

export interface NodeVerdict {
  node: string;
  fits: boolean;
  reason: string;
}

export interface Explanation {
  task_id: string;
  status: TaskState;
  summary: string;
  ahead: number;
  nodes: NodeVerdict[];
}

export interface BatchView {
  batch_id: string;
  command: string;
  submitted_by: string;
  submitted_at: string;
  total: number;
  counts: Partial<Record<TaskState, number>>;
  finished: boolean;
}

/** Absent fields mean the Host's default. */
export interface SubmitRequest {
  command: string;
  arguments?: string[];
  env_vars?: Record<string, string>;
  required_cores?: number;
  gpu_count?: number;
  required_memory_bytes?: number;
  targets?: string[];
  container_name?: string;
  privileged?: boolean;
  additional_mounts?: string[];
  priority?: number;
  strategy?: Strategy;
  no_queue?: boolean;
  count?: number;
  submitted_by?: string;
  working_directory?: string;
  /** Expand the spans in the arguments: one task for each combination. */
  sweep?: boolean;
  max_running?: number;
  max_fails?: number;
}

export interface FailedTarget {
  target: string;
  reason: string;
}

export interface SubmitReply {
  message: string;
  task_ids: string[];
  batch_id: string | null;
  failed_targets: FailedTarget[];
}

export interface SelectionReply {
  done: string[];
  refused: FailedTarget[];
}

export interface MessageReply {
  message: string;
}
