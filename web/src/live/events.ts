import type { OperationProgress } from '@/api/environment';
import type { ClusterView, HealthAggregate, NodeView } from '@/api/node';
import type { TaskView } from '@/api/task';

/** What the Host pushes, by event name. */
export interface LiveEvents {
  hello: { version: string; now: string };
  tasks: { tasks: TaskView[] };
  resync: object;
  nodes: { nodes: NodeView[] };
  cluster: ClusterView;
  /** Every second. The nodes come with `nodes`, when they have something new to say. */
  health: { aggregate: HealthAggregate };
  environments: object;
  progress: OperationProgress;
}

export type EventName = keyof LiveEvents;
export type Listener<N extends EventName> = (data: LiveEvents[N]) => void;

export const EVENT_NAMES: readonly EventName[] = [
  'hello',
  'tasks',
  'resync',
  'nodes',
  'cluster',
  'health',
  'environments',
  'progress',
];

/** Who listens to what. */
export class EventHub {
  private readonly listeners = new Map<EventName, Set<(data: never) => void>>();

  /** Returns what ends it. */
  on<N extends EventName>(name: N, listener: Listener<N>): () => void {
    const all = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, all.add(listener as (data: never) => void));
    return () => all.delete(listener as (data: never) => void);
  }

  emit<N extends EventName>(name: N, data: LiveEvents[N]): void {
    for (const listener of this.listeners.get(name) ?? []) (listener as Listener<N>)(data);
  }
}
