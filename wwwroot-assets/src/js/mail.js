// The webmail's list, frame, splits and keys. What needs mail asks the page (.NET); what needs only the screen is done here.

const typing = element => element?.closest?.('input:not([type="checkbox"]), textarea, select, [contenteditable="true"]');

/** Tells the page which rows are in sight, and keeps what is in sight in place when rows come or go above it. */
export function attachList(scroller, page) {
  const canvas = scroller.querySelector('.mail-canvas');
  let last = '', busy = false, again = false, shift = Number(canvas.dataset.shift);
  const rowHeight = () => parseFloat(getComputedStyle(canvas).getPropertyValue('--mail-row')) || 64;

  async function report() {
    const height = rowHeight();
    const first = Math.floor(scroller.scrollTop / height);
    const count = Math.ceil(scroller.clientHeight / height) + 1;
    const now = `${first}/${count}`;
    if (now === last || scroller.clientHeight === 0) return;
    if (busy) { again = true; return; }
    busy = true;
    last = now;
    try { await page.invokeMethodAsync('Show', first, count); } catch { last = ''; }
    busy = false;
    if (again) { again = false; report(); }
  }

  const scrolled = () => requestAnimationFrame(report);
  scroller.addEventListener('scroll', scrolled, { passive: true });
  const resized = new ResizeObserver(() => { last = ''; report(); });
  resized.observe(scroller);
  // Runs in the same turn as the new rows, so nothing is seen to jump.
  const moved = new MutationObserver(() => {
    const now = Number(canvas.dataset.shift);
    if (now !== shift) { scroller.scrollTop += (now - shift) * rowHeight(); shift = now; }
  });
  moved.observe(canvas, { attributes: true, attributeFilter: ['data-shift'] });
  return {
    reveal(row) {
      const height = rowHeight(), top = row * height;
      if (top < scroller.scrollTop) scroller.scrollTop = top;
      else if (top + height > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + height - scroller.clientHeight;
    },
    toTop() { scroller.scrollTop = 0; last = ''; report(); },
    dispose() { scroller.removeEventListener('scroll', scrolled); resized.disconnect(); moved.disconnect(); },
  };
}

const dark = () => document.documentElement.dataset.theme === 'dark';
let frames = [];

/** Loads the message frame. The first address of a fresh frame and every later one leave no entry in the history: back leads to the list. */
export function showFrame(frame, address) {
  frames = frames.filter(other => other.element.isConnected && other.element !== frame);
  frames.push({ element: frame, address });
  load(frame, address);
}

function load(frame, address) {
  const target = new URL(`${address}&dark=${dark()}`, location.href).href;
  frame.classList.toggle('dark', dark());
  if (frame.dataset.shown) frame.contentWindow.location.replace(target);
  else frame.src = target;
  frame.dataset.shown = 'true';
}

window.addEventListener('mp-theme', () => {
  for (const { element, address } of frames) if (element.isConnected) load(element, address);
});

/** Says what was done; the button takes it back while the message stands (10 s). */
export function snack(page, text, undo) {
  document.querySelectorAll('.mp-toast').forEach(old => old.remove());
  window.mp.toast(text, undo, () => page.invokeMethodAsync('Undo').catch(() => { /* the page is gone, and the undo with it */ }), 10000);
}

const keys = {
  j: 'next', k: 'previous', ArrowDown: 'next', ArrowUp: 'previous', Enter: 'open', o: 'open', u: 'back', Escape: 'back', x: 'select', e: 'archive',
  '#': 'delete', Delete: 'delete', '!': 'spam', s: 'star', I: 'read', U: 'unread', r: 'reply', a: 'replyAll', f: 'forward', z: 'undo', '?': 'help',
};
const places = { i: 'inbox', d: 'drafts', t: 'sent' };

function setFolders(open) {
  document.querySelector('.mail-shell')?.classList.toggle('folders-open', open);
  document.querySelector('[data-mail-nav]')?.setAttribute('aria-expanded', String(open));
  if (open) document.querySelector('.mail-folders a')?.focus();
}

function splits() {
  for (const name of ['folders', 'list']) {
    const width = localStorage.getItem(`mp-mail-${name}`);
    if (width) document.documentElement.style.setProperty(`--mail-${name}`, `${width}px`);
  }
}

function setSplit(handle, width) {
  const clamped = Math.round(Math.min(Number(handle.getAttribute('aria-valuemax')), Math.max(Number(handle.getAttribute('aria-valuemin')), width)));
  document.documentElement.style.setProperty(`--mail-${handle.dataset.split}`, `${clamped}px`);
  handle.setAttribute('aria-valuenow', String(clamped));
  localStorage.setItem(`mp-mail-${handle.dataset.split}`, String(clamped));
}

const paneOf = handle => handle.dataset.split === 'folders' ? document.querySelector('.mail-folders') : document.querySelector('.mail-list-pane');

/** Keys, splits, the compose button. Returns a handle for the page. */
export function attachPage(page, editorAddress, to) {
  let waiting = 0;
  const editor = () => import(editorAddress);
  const compose = async (kind, mailbox, uid, list) => (await editor()).openCompose({ kind, mailbox, uid, to: list ?? '' });
  const call = action => page.invokeMethodAsync('Key', action).catch(() => { /* between two connections */ });

  function pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || event.target.closest?.('.mp-menu, dialog, .mail-compose, [role="separator"]') || document.querySelector('dialog[open]')) return;
    const moving = ['ArrowDown', 'ArrowUp', 'Enter', 'Delete'].includes(event.key);
    // These keys mean something else on a link or button.
    if (moving && event.target.closest?.('a, button, summary, input') ) return;
    if (waiting && places[event.key]) { event.preventDefault(); clearTimeout(waiting); waiting = 0; call(places[event.key]); return; }
    if (event.key === 'g') { waiting = setTimeout(() => { waiting = 0; }, 1500); return; }
    if (event.key === 'c') { event.preventDefault(); compose('New', 0, 0); return; }
    if (event.key === '/') { event.preventDefault(); document.getElementById('mail-search')?.focus(); return; }
    const action = keys[event.key];
    if (action) { event.preventDefault(); call(action); }
  }

  function clicked(event) {
    if (event.target.closest('[data-compose]')) { setFolders(false); compose('New', 0, 0); }
    else if (event.target.closest('[data-mail-nav]')) setFolders(!document.querySelector('.mail-shell').classList.contains('folders-open'));
    else if (event.target.closest('[data-mail-nav-close], .mail-folders a')) setFolders(false);
  }

  function searchKey(event) {
    if (event.target.id === 'mail-search' && event.key === 'Escape') event.target.blur();
  }

  function drag(event) {
    const handle = event.target.closest('.mail-split');
    if (!handle) return;
    event.preventDefault();
    const start = event.clientX, width = paneOf(handle).getBoundingClientRect().width;
    handle.setPointerCapture(event.pointerId);
    // A frame under the pointer would swallow its movements.
    document.body.classList.add('mail-dragging');
    const move = moving => setSplit(handle, width + moving.clientX - start);
    const end = () => { document.body.classList.remove('mail-dragging'); handle.removeEventListener('pointermove', move); };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', end, { once: true });
    handle.addEventListener('pointercancel', end, { once: true });
  }

  function splitKey(event) {
    const handle = event.target.closest?.('.mail-split');
    if (!handle || !['ArrowLeft', 'ArrowRight'].includes(event.key)) return;
    event.preventDefault();
    setSplit(handle, paneOf(handle).getBoundingClientRect().width + (event.key === 'ArrowRight' ? 16 : -16));
  }

  splits();
  document.addEventListener('keydown', pressed);
  document.addEventListener('keydown', searchKey);
  document.addEventListener('keydown', splitKey);
  document.addEventListener('click', clicked);
  document.addEventListener('pointerdown', drag);
  if (sessionStorage.getItem('mp-compose')) editor().then(module => module.restoreCompose());
  if (to) compose('New', 0, 0, to);
  document.documentElement.dataset.mailReady = 'true';
  return {
    compose,
    dispose() {
      document.removeEventListener('keydown', pressed);
      document.removeEventListener('keydown', searchKey);
      document.removeEventListener('keydown', splitKey);
      document.removeEventListener('click', clicked);
      document.removeEventListener('pointerdown', drag);
      delete document.documentElement.dataset.mailReady;
    },
  };
}
