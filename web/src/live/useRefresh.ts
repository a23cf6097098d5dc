import { onScopeDispose } from 'vue';
import { useLive } from './useLive';

/** While a big batch is submitted the Host says "resync" ten times a second; nobody reads that fast. */
const RESYNC_MS = 1000;

/** Calls back when what was fetched is no longer to be trusted: after every connect, and when too much has changed. */
export function useRefresh(refresh: () => Promise<void>): void {
  let timer = 0;
  const quietly = (): void => void refresh().catch(() => undefined); // a loss is told by the connection's banner

  function soon(): void {
    timer ||= window.setTimeout(() => {
      timer = 0;
      quietly();
    }, RESYNC_MS);
  }

  useLive('hello', quietly);
  useLive('resync', soon);
  onScopeDispose(() => clearTimeout(timer));
}
