import { ref } from 'vue';
import { ApiError, sentenceOf } from '@/api/http';
import { submitTask } from '@/api/tasks';
import { useNotices } from '@/stores/notices';
import { t } from '@/texts';
import { fieldOfPointer, requestsOf, type FormErrors, type SubmitForm } from './form';

/** Posts a form, one body after the other where it is a sweep, and says what became of it. */
export function useSubmit() {
  const notices = useNotices();
  const busy = ref(false);
  const sent = ref(0);
  const all = ref(0);
  /** What the Host said, beside the field it belongs to. */
  const errors = ref<FormErrors>({});
  const problem = ref('');

  /** True when everything was accepted. */
  async function submit(form: SubmitForm): Promise<boolean> {
    const requests = requestsOf(form);
    const ids: string[] = [];
    busy.value = true;
    sent.value = 0;
    all.value = requests.length;
    errors.value = {};
    problem.value = '';
    try {
      for (const request of requests) {
        const reply = await submitTask(request);
        ids.push(...reply.task_ids);
        for (const { target, reason } of reply.failed_targets) notices.say('bad', `${target}: ${reason}`);
        sent.value++;
      }
      celebrate(ids);
      return true;
    } catch (failure) {
      refuse(failure);
      return false;
    } finally {
      busy.value = false;
    }
  }

  function celebrate(ids: string[]): void {
    const one = ids.length === 1 && ids[0];
    notices.say('good', t.submit.accepted(ids.length), {
      to: one ? `/tasks/${one}` : '/tasks',
      text: t.submit.show,
    });
  }

  function refuse(failure: unknown): void {
    const sentence = sentenceOf(failure);
    const fields = failure instanceof ApiError ? failure.fields : [];
    for (const { path, message } of fields) errors.value[fieldOfPointer(path)] = message;
    if (sent.value > 0) problem.value = t.submit.partly(sent.value, all.value, sentence);
    else if (!fields.length) problem.value = sentence;
  }

  return { busy, sent, all, errors, problem, submit };
}
