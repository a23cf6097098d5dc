import { onScopeDispose, ref, type Ref } from 'vue';

/** Whether a media query holds, kept current. */
export function useMedia(query: string): Readonly<Ref<boolean>> {
  const media = matchMedia(query);
  const holds = ref(media.matches);
  const changed = (): void => void (holds.value = media.matches);
  media.addEventListener('change', changed);
  onScopeDispose(() => media.removeEventListener('change', changed));
  return holds;
}
