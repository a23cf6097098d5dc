/** Replies in the Host's form. */

export const json = (status, body) => ({
  status,
  body: JSON.stringify(body),
  headers: { 'Content-Type': 'application/json' },
});

export function failure(status, code, message, fields = []) {
  return json(status, { error: { code, message, fields }, detail: message });
}

export const notFound = (what) => failure(404, 'not_found', `There is no ${what}.`);

export async function readJson(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text ? JSON.parse(text) : {};
}
