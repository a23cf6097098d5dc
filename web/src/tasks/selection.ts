import { computed, shallowReactive, type ComputedRef } from 'vue';
import { MOST_SELECTED } from '@/api/tasks';

export interface Selection {
  ids: ReadonlySet<string>;
  size: ComputedRef<number>;
  has(id: string): boolean;
  /** Selects or deselects; never more than the Host takes at once. */
  set(ids: readonly string[], selected: boolean): void;
  clear(): void;
}

/** The tasks that are ticked. */
export function makeSelection(): Selection {
  const ids = shallowReactive(new Set<string>());
  return {
    ids,
    size: computed(() => ids.size),
    has: (id) => ids.has(id),
    set(some, selected) {
      for (const id of some) {
        if (!selected) ids.delete(id);
        else if (ids.size < MOST_SELECTED) ids.add(id);
      }
    },
    clear: () => ids.clear(),
  };
}
