// Compose windows. They live beside the page, not in it: what is typed is kept in this tab (sessionStorage) and saved by plain requests, so neither
// a lost connection nor a restarted server loses a word.
import DOMPurify from 'dompurify';
import Squire from 'squire-rte';
import { recipients } from './compose/recipients.js';
import { attachments } from './compose/attachments.js';
import { formats } from './compose/formats.js';
import { request, upload, markup } from './compose/server.js';

const quiet = 2000;      // after the last key
const longest = 15000;   // at the latest, while typing goes on
const windows = new Map();
const restoring = new Set();
const fill = (text, ...values) => values.reduce((result, value, index) => result.replaceAll(`{${index}}`, value), text);

function host() {
  let element = document.getElementById('mail-compose-host');
  if (!element) {
    element = Object.assign(document.createElement('div'), { id: 'mail-compose-host' });
    document.body.append(element);
  }
  return element;
}

function remember() {
  const kept = [...windows.values()].filter(item => !item.closing).map(item => item.snapshot());
  if (kept.length > 0) sessionStorage.setItem('mp-compose', JSON.stringify(kept));
  else sessionStorage.removeItem('mp-compose');
}

/** Opens a window: new, answer, forward or a draft that goes on. */
export async function openCompose(what) {
  for (const open of windows.values()) {
    // A draft is open once.
    if (what.kind === 'Draft' && open.draft?.mailbox === what.mailbox && open.draft?.uid === what.uid) { open.show(); return; }
  }
  try {
    const begun = await request('/mail/compose/start', { kind: what.kind, mailbox: what.mailbox, uid: what.uid, to: what.to });
    const opened = await makeWindow({ ...begun, dirty: false, draft: what.kind === 'Draft' ? { mailbox: what.mailbox, uid: what.uid } : null });
    opened.focus(what.kind);
  } catch (problem) {
    window.mp.toast(problem.message || (await markup().catch(() => null))?.words.Unexpected || '');
  }
}

/** Brings back the windows that were open before the page was loaded again. */
export async function restoreCompose() {
  const kept = JSON.parse(sessionStorage.getItem('mp-compose') ?? '[]');
  for (const state of kept) {
    // A page that connects twice asks twice, and the second question comes while the first is still being answered.
    if (windows.has(state.id) || restoring.has(state.id)) continue;
    restoring.add(state.id);
    try { await makeWindow({ ...state, dirty: true }); } finally { restoring.delete(state.id); }
  }
}

async function makeWindow(state) {
  const { element: root, words } = await markup();
  const at = selector => root.querySelector(selector);
  const id = state.id;
  let timer = 0, oldest = 0, wait = quiet, saving = null, sending = false, changed = 0;
  host().append(root);
  root.dataset.window = id;

  const editor = new Squire(at('[data-editor]'), {
    blockTag: 'DIV',
    sanitizeToDOMFragment: html => DOMPurify.sanitize(html, { RETURN_DOM_FRAGMENT: true, FORBID_TAGS: ['style', 'form', 'input', 'button', 'textarea', 'select'], ADD_ATTR: ['target'] }),
    didError: error => console.warn('editor', error.message),
  });
  const people = recipients(root, words, touch);
  const files = attachments(root, words, { id, limit: state.limit, upload, request, touch, problem: say, insert: insertPicture });
  formats(root, words, editor, files);

  function insertPicture(file) {
    editor.focus();
    editor.insertImage(file.url, { alt: file.name, style: 'max-width:100%' });
    touch();
  }

  function say(text) {
    const box = at('[data-problem]');
    box.hidden = !text;
    box.textContent = text ?? '';
  }

  function setState(text) { at('[data-state]').textContent = text; }

  const content = () => ({ ...people.value(), subject: at('[data-subject]').value, html: editor.getHTML() });
  const snapshot = () => ({ id, from: state.from, limit: state.limit, draft: item.draft, attachments: files.value(), minimised: root.classList.contains('minimised'), ...content() });

  function setTitle() { at('[data-title]').textContent = at('[data-subject]').value || words.NewMessage; }

  /** Something changed: keep it in the tab at once, on the server soon. */
  function touch() {
    changed++;
    item.dirty = true;
    setTitle();
    remember();
    oldest ||= Date.now();
    schedule(Math.min(wait, Math.max(0, oldest + longest - Date.now())));
  }

  function schedule(milliseconds) {
    clearTimeout(timer);
    timer = setTimeout(() => save(), milliseconds);
  }

  async function save() {
    clearTimeout(timer);
    if (saving) { await saving; }
    if (!item.dirty || sending) return true;
    const version = changed;
    setState(words.Saving);
    saving = (async () => {
      try {
        const saved = await request(`/mail/compose/${id}/save`, content());
        item.draft = { mailbox: saved.mailbox, uid: saved.uid };
        item.dirty = changed !== version;
        wait = quiet;
        oldest = 0;
        say('');
        setState(fill(words.Saved, saved.time));
        remember();
        if (item.dirty) schedule(wait);
        return true;
      } catch (problem) {
        // Asked again ever more rarely; nothing is lost meanwhile.
        wait = Math.min(wait * 2, 30000);
        setState(words.NotSaved);
        if (problem.code !== 'ComposeGone') schedule(wait);
        say(problem.offline ? words.Offline : problem.status === 401 ? words.SessionEnded : fill(words.Failed, problem.message || words.Unexpected));
        return false;
      } finally {
        saving = null;
      }
    })();
    return saving;
  }

  async function send() {
    if (sending) return;
    say('');
    people.commit();
    if (files.busy()) { say(words.WaitUpload); return; }
    if (people.wrong()) { say(fill(words.RecipientBad, people.wrong())); return; }
    if (!at('[data-subject]').value.trim() && !window.confirm(words.NoSubjectAsk)) { at('[data-subject]').focus(); return; }
    clearTimeout(timer);
    if (saving) await saving;
    sending = true;
    root.setAttribute('aria-busy', 'true');
    at('[data-act="send"]').disabled = true;
    setState(words.Sending);
    try {
      await request(`/mail/compose/${id}/send`, content());
      remove();
      window.mp.toast(words.Sent);
    } catch (problem) {
      setState(words.NotSaved);
      item.dirty = true;
      remember();
      say(problem.offline ? words.Offline : problem.status === 401 ? words.SessionEnded : problem.message || words.Unexpected);
      if (problem.field?.startsWith('to')) people.mark(problem.field.slice(3));
      schedule(quiet);
    } finally {
      sending = false;
      root.removeAttribute('aria-busy');
      if (root.isConnected) at('[data-act="send"]').disabled = false;
    }
  }

  async function close() {
    people.commit();
    if (item.dirty && hasContent() && !(await save())) return;
    if (!item.draft && !hasContent()) request(`/mail/compose/${id}/discard`, {}).catch(() => { /* swept later */ });
    remove();
  }

  function hasContent() {
    const value = people.value();
    return value.to.length + value.cc.length + value.bcc.length > 0 || at('[data-subject]').value !== '' || item.dirty || files.value().length > 0;
  }

  async function discard() {
    if (item.dirty || item.draft) {
      if (!window.confirm(words.DiscardAsk)) return;
    }
    clearTimeout(timer);
    if (saving) await saving;
    try {
      await request(`/mail/compose/${id}/discard`, {});
      window.mp.toast(words.Discarded);
      remove();
    } catch (problem) {
      if (problem.code === 'ComposeGone') remove();
      else say(problem.offline ? words.Offline : problem.message || words.Unexpected);
    }
  }

  function remove() {
    clearTimeout(timer);
    item.closing = true;
    windows.delete(id);
    editor.destroy();
    root.remove();
    remember();
    document.querySelector('.mail-scroll')?.focus({ preventScroll: true });
  }

  function setMode(mode) {
    root.classList.toggle('minimised', mode === 'minimised' && !root.classList.contains('minimised'));
    root.classList.toggle('full', mode === 'full' && !root.classList.contains('full'));
    remember();
  }

  root.addEventListener('click', event => {
    const act = event.target.closest('[data-act]')?.dataset.act;
    if (act === 'send') send();
    else if (act === 'close') close();
    else if (act === 'minimise') setMode('minimised');
    else if (act === 'full') setMode('full');
    else if (act === 'discard') discard();
    else if (act === 'attach') at('[data-files]').click();
    else if (act === 'cc') people.showAll();
    else if (root.classList.contains('minimised') && event.target.closest('.mail-compose-head')) setMode('minimised');
  });
  root.addEventListener('keydown', event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); send(); }
    else if (event.key === 'Escape' && !event.defaultPrevented) { event.preventDefault(); close(); }
  });
  at('[data-subject]').addEventListener('input', touch);
  editor.addEventListener('input', touch);
  editor.addEventListener('pasteImage', event => files.paste(event.detail.clipboardData));

  at('[data-from]').textContent = state.from.name ? `${state.from.name} <${state.from.address}>` : state.from.address;
  at('[data-subject]').value = state.subject;
  people.fill(state);
  at('[data-editor]').classList.toggle('sheet', /bgcolor=|background|[\s"';]color\s*[:=]/i.test(state.html));
  editor.setHTML(state.html);
  editor.moveCursorToStart();
  files.fill(state.attachments);
  if (state.minimised) root.classList.add('minimised');
  if (state.draft) setState('');

  const item = {
    draft: state.draft, dirty: state.dirty, closing: false, snapshot,
    show() { root.classList.remove('minimised'); editor.focus(); },
    focus(kind) { if (kind === 'Reply' || kind === 'ReplyAll' || kind === 'Draft') editor.focus(); else people.focus(); },
  };
  windows.set(id, item);
  setTitle();
  remember();
  if (state.dirty) schedule(quiet);
  return item;
}

// A connection that comes back saves at once; leaving the page keeps the last words in the tab.
window.addEventListener('pagehide', remember);
