// Files of a message: button, drop, paste; progress and removal.

const icon = '<svg class="mp-icon small" viewBox="0 0 24 24" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg>';
const fill = (text, ...values) => values.reduce((result, value, index) => result.replaceAll(`{${index}}`, value), text);
const size = octets => octets < 1024 ? `${octets} B` : octets < 1048576 ? `${(octets / 1024).toFixed(1)} KB` : `${(octets / 1048576).toFixed(1)} MB`;

export function attachments(root, words, server) {
  const list = root.querySelector('[data-list]');
  const picker = root.querySelector('[data-files]');
  const drop = root.querySelector('[data-drop]');
  const files = [];
  let running = 0, inline = false;
  root.querySelector('[data-limit]').textContent = fill(words.Limit, size(server.limit));

  function row(name) {
    const item = document.createElement('li');
    item.className = 'mail-file';
    const text = Object.assign(document.createElement('span'), { className: 'mp-clip', textContent: name, title: name });
    const meta = Object.assign(document.createElement('span'), { className: 'mp-meta' });
    const bar = document.createElement('span');
    bar.className = 'mp-progress';
    bar.innerHTML = '<span></span>';
    bar.setAttribute('role', 'progressbar');
    bar.setAttribute('aria-label', fill(words.Uploading, name));
    const remove = Object.assign(document.createElement('button'), { type: 'button', className: 'mp-icon-button', innerHTML: icon });
    remove.setAttribute('aria-label', fill(words.Remove, name));
    item.append(text, meta, bar, remove);
    list.append(item);
    list.hidden = false;
    return {
      item, remove,
      progress(part) { bar.firstChild.style.width = `${Math.round(part * 100)}%`; bar.setAttribute('aria-valuenow', String(Math.round(part * 100))); },
      done(text) { bar.remove(); meta.textContent = text; },
    };
  }

  function show(file) {
    const shown = row(file.name);
    shown.done(file.size);
    listed(shown, file);
  }

  function listed(shown, file) {
    files.push(file);
    shown.remove.addEventListener('click', async () => {
      files.splice(files.indexOf(file), 1);
      shown.item.remove();
      list.hidden = list.children.length === 0;
      await server.request(`/mail/compose/${server.id}/attachment/${file.id}/remove`, {}).catch(() => { /* the next save names what is left */ });
      server.touch();
    });
  }

  async function add(file, isInline) {
    const total = files.reduce((sum, known) => sum + (known.octets ?? 0), 0);
    if (total + file.size > server.limit) {
      server.problem(fill(words.TooLarge, file.name, size(server.limit)));
      return;
    }
    const shown = row(file.name);
    const sending = server.upload(`/mail/compose/${server.id}/attachment?name=${encodeURIComponent(file.name)}&inline=${isInline}`, file, shown.progress);
    const cancel = () => sending.cancel();
    shown.remove.addEventListener('click', cancel);
    running++;
    try {
      const stored = await sending.promise;
      shown.remove.removeEventListener('click', cancel);
      if (isInline) {
        shown.item.remove();
        list.hidden = list.children.length === 0;
        server.insert(stored);
      } else {
        shown.done(stored.size);
        listed(shown, stored);
      }
      server.touch();
    } catch (problem) {
      shown.item.remove();
      list.hidden = list.children.length === 0;
      if (!problem.cancelled) server.problem(fill(words.UploadFailed, file.name, problem.offline ? words.Offline : problem.message || words.Unexpected));
    } finally {
      running--;
    }
  }

  const isPicture = file => /^image\/(png|jpeg|gif|webp)$/.test(file.type);

  picker.addEventListener('change', () => {
    for (const file of picker.files) add(file, inline && isPicture(file));
    picker.value = '';
    picker.removeAttribute('accept');
    inline = false;
  });

  const carriesFiles = event => [...(event.dataTransfer?.types ?? [])].includes('Files');
  let depth = 0;
  root.addEventListener('dragenter', event => { if (carriesFiles(event)) { event.preventDefault(); depth++; drop.hidden = false; } });
  root.addEventListener('dragover', event => { if (carriesFiles(event)) event.preventDefault(); });
  root.addEventListener('dragleave', event => { if (carriesFiles(event) && --depth <= 0) { depth = 0; drop.hidden = true; } });
  root.addEventListener('drop', event => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    depth = 0;
    drop.hidden = true;
    for (const file of event.dataTransfer.files) add(file, false);
  }, true);

  return {
    fill: known => known.forEach(show),
    value: () => files.map(file => ({ ...file })),
    busy: () => running > 0,
    pickPicture() { inline = true; picker.accept = 'image/png,image/jpeg,image/gif,image/webp'; picker.click(); },
    paste(data) {
      for (const item of data.items) {
        const file = item.kind === 'file' ? item.getAsFile() : null;
        if (file && isPicture(file)) add(new File([file], file.name || 'image.png', { type: file.type }), true);
      }
    },
  };
}
