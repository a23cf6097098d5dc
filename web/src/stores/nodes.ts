import { defineStore } from 'pinia';
import { computed, ref, shallowReactive } from 'vue';
import type { NodeView } from '@/api/node';
import { listNodes } from '@/api/nodes';
import { useLive } from '@/live/useLive';

const byName = new Intl.Collator('en', { numeric: true });

/** All nodes, kept current by events. */
export const useNodes = defineStore('nodes', () => {
  const nodes = shallowReactive(new Map<string, NodeView>());
  const loaded = ref(false);

  async function fetchAll(): Promise<void> {
    const fresh = await listNodes();
    const names = new Set(fresh.map((node) => node.hostname));
    for (const name of nodes.keys()) if (!names.has(name)) nodes.delete(name);
    for (const node of fresh) nodes.set(node.hostname, node);
    loaded.value = true;
  }

  useLive('hello', () => void fetchAll().catch(() => undefined));
  useLive('nodes', ({ nodes: changed }) => {
    for (const node of changed) nodes.set(node.hostname, node);
  });

  const names = computed(() => [...nodes.keys()].sort(byName.compare));
  const all = computed(() => names.value.flatMap((name) => nodes.get(name) ?? []));
  const get = (name: string): NodeView | undefined => nodes.get(name);
  const forget = (name: string): boolean => nodes.delete(name);

  return { names, all, loaded, get, forget, fetchAll };
});
