import { onScopeDispose } from 'vue';
import { live } from './index';
import type { EventName, Listener } from './events';

/** Listens for as long as the calling component or store lives. */
export function useLive<N extends EventName>(name: N, listener: Listener<N>): void {
  onScopeDispose(live.on(name, listener));
}
