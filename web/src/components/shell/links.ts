import { Boxes, Cpu, Gauge, ListTodo, Server } from '@lucide/vue';
import type { Component } from 'vue';
import { t } from '@/texts';

export interface NavLink {
  to: string;
  name: string;
  icon: Component;
  text: () => string;
  keys: string;
}

/** The pages, in the order of the navigation. `name` is the prefix of the route names that belong to it. */
export const NAV_LINKS: NavLink[] = [
  { to: '/', name: 'overview', icon: Gauge, text: () => t.titles.overview, keys: 'g o' },
  { to: '/nodes', name: 'node', icon: Server, text: () => t.titles.nodes, keys: 'g n' },
  { to: '/gpus', name: 'gpu', icon: Cpu, text: () => t.titles.gpus, keys: 'g g' },
  { to: '/tasks', name: 'task', icon: ListTodo, text: () => t.titles.tasks, keys: 'g t' },
  { to: '/environments', name: 'environment', icon: Boxes, text: () => t.titles.environments, keys: 'g e' },
];
