// Requests of the compose window. Every change carries the page's token; a token that has grown old is fetched anew once.

let fetched = null;

async function load() {
  const answer = await fetch('/mail/compose/window', { headers: { Accept: 'text/html' }, redirect: 'manual' }).catch(() => { throw offline(); });
  if (answer.type === 'opaqueredirect' || answer.status === 401) throw Object.assign(new Error(''), { status: 401 });
  if (!answer.ok) throw Object.assign(new Error(''), { status: answer.status });
  const template = document.createElement('template');
  template.innerHTML = await answer.text();
  const element = template.content.querySelector('.mail-compose');
  const result = { element, words: JSON.parse(element.dataset.words), token: element.dataset.token };
  element.removeAttribute('data-words');
  element.removeAttribute('data-token');
  return result;
}

const offline = () => Object.assign(new Error(''), { offline: true });

/** A fresh copy of the window's markup, and its words. */
export async function markup() {
  fetched ??= await load();
  return { element: fetched.element.cloneNode(true), words: fetched.words };
}

async function token(renew) {
  if (renew) fetched = await load();
  fetched ??= await load();
  return fetched.token;
}

async function failure(status, text) {
  let problem = {};
  try { problem = JSON.parse(text); } catch { /* not ours: a proxy, a page */ }
  return Object.assign(new Error(problem.message ?? ''), { status, code: problem.code, field: problem.field });
}

/** Posts JSON and returns JSON; throws an error with status, code, field, or offline. */
export async function request(address, body, renewed = false) {
  let answer;
  const headers = { 'Content-Type': 'application/json', RequestVerificationToken: await token(renewed) };
  try {
    answer = await fetch(address, { method: 'POST', headers, body: JSON.stringify(body), redirect: 'manual' });
  } catch {
    throw offline();
  }
  if (answer.ok) return answer.status === 204 ? null : await answer.json();
  const problem = await failure(answer.status, await answer.text());
  if (problem.code === 'Antiforgery' && !renewed) return request(address, body, true);
  throw problem;
}

/** Sends a file as it is, with progress from 0 to 1; returns { promise, cancel }. */
export function upload(address, file, progress) {
  const sender = new XMLHttpRequest();
  const promise = (async () => {
    const secret = await token(false);
    return new Promise((resolve, reject) => {
      sender.open('POST', address);
      sender.setRequestHeader('RequestVerificationToken', secret);
      sender.setRequestHeader('Content-Type', 'application/octet-stream');
      sender.upload.addEventListener('progress', event => { if (event.lengthComputable) progress(event.loaded / event.total); });
      sender.addEventListener('load', async () => {
        if (sender.status >= 200 && sender.status < 300) resolve(JSON.parse(sender.responseText));
        else reject(await failure(sender.status, sender.responseText));
      });
      sender.addEventListener('error', () => reject(offline()));
      sender.addEventListener('abort', () => reject(Object.assign(new Error(''), { cancelled: true })));
      sender.send(file);
    });
  })();
  return { promise, cancel: () => sender.abort() };
}

export async function suggest(text) {
  try {
    const answer = await fetch(`/mail/compose/suggest?q=${encodeURIComponent(text)}`, { redirect: 'manual' });
    return answer.ok ? await answer.json() : [];
  } catch {
    return [];
  }
}
