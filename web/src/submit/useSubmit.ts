import { ref } from 'vue';
import { ApiError, sentenceOf } from '@/api/http';
import { submitTask } from '@/api/tasks';
import { useNotices } from '@/stores/notices';
import { t } from '@/texts';
import { fieldOfPointer, requestOf, type FormErrors, type SubmitForm } from './form';

/** Posts a form and says what became of it. */
export function useSubmit() {
  const notices = useNotices();
  const busy = ref(false);
  /** What the Host said, beside the field it belongs to. */
  const errors = ref<FormErrors>({});
  const problem = ref('');

  /** True when it was accepted. */
  async function submit(form: SubmitForm): Promise<boolean> {
    busy.value = true;
    errors.value = {};
    problem.value = '';
    try {
      const reply = await submitTask(requestOf(form));
      for (const { target, reason } of reply.failed_targets) notices.say('bad', `${target}: ${reason}`);
      celebrate(reply.task_ids, reply.batch_id);
      return true;
    } catch (failure) {
      refuse(failure);
      return false;
    } finally {
      busy.value = false;
    }
  }

  function celebrate(ids: string[], batch: string | null): void {
    const to = ids.length === 1 ? `/tasks/${ids[0]}` : batch ? `/tasks?batch=${batch}` : '/tasks';
    notices.say('good', t.submit.accepted(ids.length), { to, text: t.submit.show });
  }

  function refuse(failure: unknown): void {
    const fields = failure instanceof ApiError ? failure.fields : [];
    for (const { path, message } of fields) errors.value[fieldOfPointer(path)] = message;
    if (!fields.length) problem.value = sentenceOf(failure);
  }

  return { busy, errors, problem, submit };
}
