// Behaviour of the shell that needs no server: theme, navigation drawer, menus, copying, keyboard in lists, toasts,
// dialogs, the reconnect sign. Everything is delegated from the document, so it works on static and live pages alike.

const anchorOf = element => element?.closest('[data-menu]');

function closeMenus(except) {
  for (const anchor of document.querySelectorAll('[data-menu]')) {
    if (anchor === except) continue;
    const menu = anchor.querySelector('.mp-menu');
    if (!menu || menu.hidden) continue;
    menu.hidden = true;
    anchor.querySelector('[data-menu-toggle]')?.setAttribute('aria-expanded', 'false');
  }
}

function menuItems(anchor) {
  return [...anchor.querySelectorAll('.mp-menu a[href], .mp-menu button:not(:disabled), .mp-menu input:not(:disabled)')];
}

function toggleMenu(toggle) {
  const anchor = anchorOf(toggle);
  const menu = anchor.querySelector('.mp-menu');
  closeMenus(anchor);
  menu.hidden = !menu.hidden;
  toggle.setAttribute('aria-expanded', String(!menu.hidden));
  if (!menu.hidden) {
    // A menu near the right edge opens to the left, and never leaves the screen.
    menu.style.translate = '';
    const box = menu.getBoundingClientRect();
    const shift = box.left < 8 ? 8 - box.left : box.right > innerWidth - 8 ? innerWidth - 8 - box.right : 0;
    if (shift) menu.style.translate = `${shift}px 0`;
    menuItems(anchor)[0]?.focus();
  }
}

function markChoices() {
  const root = document.documentElement;
  for (const button of document.querySelectorAll('[data-set-theme]')) {
    button.setAttribute('aria-pressed', String(button.dataset.setTheme === root.dataset.themeChoice));
  }
  for (const button of document.querySelectorAll('[data-set-density]')) {
    button.setAttribute('aria-pressed', String(button.dataset.setDensity === root.dataset.density));
  }
}

function setDrawer(open) {
  const shell = document.querySelector('.mp-shell');
  if (!shell) return;
  shell.classList.toggle('nav-open', open);
  document.querySelector('[data-nav-toggle]')?.setAttribute('aria-expanded', String(open));
  if (open) document.querySelector('.mp-nav a')?.focus();
}

async function copy(button) {
  const text = button.dataset.copy;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS browsers hide the clipboard interface: select and copy the old way.
    const area = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  toast(button.dataset.copied ?? '');
}

/** Shows a short message at the bottom; an optional action is a function run by its button. */
export function toast(text, actionText, action, milliseconds = 5000) {
  if (!text) return;
  let host = document.querySelector('.mp-toasts');
  if (!host) {
    host = Object.assign(document.createElement('div'), { className: 'mp-toasts' });
    host.setAttribute('role', 'status');
    host.setAttribute('aria-live', 'polite');
    document.body.append(host);
  }
  const box = Object.assign(document.createElement('div'), { className: 'mp-toast' });
  box.append(Object.assign(document.createElement('span'), { textContent: text }));
  if (actionText) {
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: actionText });
    button.addEventListener('click', () => { box.remove(); action?.(); });
    box.append(button);
  }
  host.append(box);
  setTimeout(() => box.remove(), milliseconds);
}

/** Opens a <dialog> modally; when it is closed by Esc or a click outside, the page is told once. */
export function openDialog(dialog, page, lightDismiss) {
  if (!dialog || dialog.open) return;
  const opener = document.activeElement;
  dialog.showModal();
  const first = dialog.querySelector('[autofocus]') ?? dialog.querySelector('.mp-dialog-body input, .mp-dialog-body select, .mp-dialog-body textarea, footer .primary');
  (first ?? dialog.querySelector('button'))?.focus();
  const pressed = event => {
    if (!lightDismiss || event.target !== dialog) return;
    const box = dialog.getBoundingClientRect();
    const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) dialog.close();
  };
  dialog.addEventListener('pointerdown', pressed);
  dialog.addEventListener('close', () => {
    dialog.removeEventListener('pointerdown', pressed);
    if (opener?.isConnected) opener.focus();
    page?.invokeMethodAsync('Closed').catch(() => { /* the page is gone already */ });
  }, { once: true });
}

export function closeDialog(dialog) {
  if (dialog?.open) dialog.close();
}

/** Small choices of a viewer that need no account: which columns a list shows. */
export function readChoice(name) {
  try { return JSON.parse(localStorage.getItem(`mp:${name}`)); } catch { return null; }
}

export function keepChoice(name, value) {
  try { localStorage.setItem(`mp:${name}`, JSON.stringify(value)); } catch { /* private windows may refuse */ }
}

export function focus(selector) {
  document.querySelector(selector)?.focus();
}

/** Ctrl/Cmd+K and "/" open the palette; returns a handle whose dispose() ends it. */
export function listenForPalette(page) {
  const pressed = event => {
    const typing = event.target.closest?.('input, textarea, select, [contenteditable="true"]');
    const chord = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
    if (chord || (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey)) {
      event.preventDefault();
      page.invokeMethodAsync('Open').catch(() => { /* between two pages */ });
    }
  };
  document.addEventListener('keydown', pressed);
  return { dispose: () => document.removeEventListener('keydown', pressed) };
}

/** Keeps the arrow keys of the palette's field from moving the caret, and the chosen row in sight. */
export function followChoice(list) {
  list?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
}

document.addEventListener('click', event => {
  const target = event.target.closest('[data-menu-toggle], [data-set-theme], [data-set-density], [data-nav-toggle], [data-nav-close], [data-copy], [data-print], .mp-nav a, .mp-menu a, .mp-menu button');
  if (!target) {
    if (!event.target.closest('.mp-menu')) closeMenus();
    return;
  }
  if (target.matches('[data-menu-toggle]')) return toggleMenu(target);
  if (target.matches('[data-set-theme]')) { window.mpAppearance.set('mp-theme', target.dataset.setTheme); markChoices(); }
  if (target.matches('[data-set-density]')) { window.mpAppearance.set('mp-density', target.dataset.setDensity); markChoices(); }
  if (target.matches('[data-nav-toggle]')) return setDrawer(!document.querySelector('.mp-shell')?.classList.contains('nav-open'));
  if (target.matches('[data-nav-close], .mp-nav a')) setDrawer(false);
  if (target.matches('[data-copy]')) copy(target);
  const anchor = anchorOf(target);
  if (anchor && !target.matches('[data-menu-keep]')) {
    closeMenus();
    anchor.querySelector('[data-menu-toggle]')?.focus();
  }
});

document.addEventListener('keydown', event => {
  const anchor = anchorOf(event.target);
  if (event.key === 'Escape') {
    if (anchor) { closeMenus(); anchor.querySelector('[data-menu-toggle]')?.focus(); }
    setDrawer(false);
    return;
  }
  if (anchor && ['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key) && event.target.closest('.mp-menu')) {
    const items = menuItems(anchor);
    const at = items.indexOf(document.activeElement);
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
    items[(next + items.length) % items.length]?.focus();
    event.preventDefault();
    return;
  }
  if (event.target.matches?.('.mp-row-open') && ['ArrowDown', 'ArrowUp'].includes(event.key)) {
    const row = event.target.closest('tr');
    const next = event.key === 'ArrowDown' ? row.nextElementSibling : row.previousElementSibling;
    next?.querySelector('.mp-row-open')?.focus();
    event.preventDefault();
  }
});

let looking = false;

async function lookForServer() {
  if (looking) return;
  looking = true;
  for (;;) {
    await new Promise(resolve => setTimeout(resolve, 5000));
    try {
      if ((await fetch('/health/ready', { cache: 'no-store' })).ok) { location.reload(); return; }
    } catch { /* still away */ }
  }
}

function watchConnection() {
  const sign = document.getElementById('components-reconnect-modal');
  if (!sign || sign.dataset.watched) return;
  sign.dataset.watched = 'true';
  sign.addEventListener('components-reconnect-state-changed', event => {
    sign.dataset.state = event.detail.state;
    // The server was restarted and no longer knows this page: what was typed into mail lives in the browser, so start afresh.
    if (event.detail.state === 'rejected') location.reload();
    // Blazor gives up after a while; an upgrade may take longer. The page looks for the server as long as it is open.
    if (event.detail.state === 'failed') lookForServer();
  });
  sign.querySelector('button')?.addEventListener('click', async () => {
    try {
      if (!(await window.Blazor.reconnect())) location.reload();
    } catch {
      sign.dataset.state = 'failed';
    }
  });
}

window.addEventListener('mp-theme', markChoices);
watchConnection();
markChoices();
window.Blazor?.addEventListener?.('enhancedload', () => { window.mpAppearance.apply(); markChoices(); watchConnection(); });
// Blazor renders the menus after this module ran.
new MutationObserver(markChoices).observe(document.body, { childList: true, subtree: true });
window.mp = { toast, openDialog, closeDialog, readChoice, keepChoice, focus, listenForPalette, followChoice };
