// To, Cc and Bcc: chips with validation and suggestions.
import { suggest } from './server.js';

// As strict as the server where it is cheap; the server decides.
const valid = /^[^\s@<>(),;:\\"[\]]+@[^\s@<>(),;:\\"[\]]+\.?[^\s@<>(),;:\\"[\]]*$/u;
const icon = '<svg class="mp-icon small" viewBox="0 0 24 24" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg>';

export function split(text) {
  // Commas and semicolons part recipients, but not inside quotes or brackets.
  const parts = text.match(/(?:"[^"]*"|<[^>]*>|[^,;\n"<])+/g) ?? [];
  return parts.map(part => {
    const match = /^\s*"?([^"<]*?)"?\s*<([^>]+)>\s*$/.exec(part);
    return match ? { name: match[1].trim(), address: match[2].trim() } : { name: '', address: part.trim() };
  }).filter(person => person.address);
}

export function recipients(root, words, touch) {
  const lines = new Map([...root.querySelectorAll('[data-field]')].map(line => [line.dataset.field, line]));
  const fields = new Map([...lines].map(([name, line]) => [name, field(line)]));

  function field(line) {
    const input = line.querySelector('input');
    const list = line.querySelector('.mail-suggest');
    const people = [];
    let offered = [], chosen = -1, asked = 0;
    list.id = `suggest-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    input.setAttribute('aria-controls', list.id);

    function add(person) {
      if (people.some(known => known.address.toLowerCase() === person.address.toLowerCase())) return;
      people.push(person);
      const chip = document.createElement('span');
      chip.className = valid.test(person.address) ? 'mp-chip mail-chip' : 'mp-chip mail-chip bad';
      chip.dataset.address = person.address;
      chip.title = person.address;
      chip.append(Object.assign(document.createElement('span'), { className: 'mp-clip', textContent: person.name || person.address }));
      const remove = Object.assign(document.createElement('button'), { type: 'button', innerHTML: icon });
      remove.setAttribute('aria-label', words.Remove.replace('{0}', person.name || person.address));
      remove.addEventListener('click', () => { drop(person); input.focus(); });
      chip.append(remove);
      input.before(chip);
    }

    function drop(person) {
      people.splice(people.indexOf(person), 1);
      line.querySelector(`[data-address="${CSS.escape(person.address)}"]`)?.remove();
      touch();
    }

    function commit() {
      const typed = split(input.value);
      if (typed.length === 0) return;
      typed.forEach(add);
      input.value = '';
      offer([]);
      touch();
    }

    function offer(found) {
      offered = found;
      chosen = found.length > 0 ? 0 : -1;
      list.replaceChildren(...found.map((person, index) => {
        const option = document.createElement('li');
        option.setAttribute('role', 'option');
        option.id = `${list.id}-${index}`;
        option.append(Object.assign(document.createElement('strong'), { textContent: person.name || person.address }));
        if (person.name) option.append(Object.assign(document.createElement('span'), { className: 'mp-meta', textContent: person.address }));
        option.addEventListener('pointerdown', event => { event.preventDefault(); take(index); });
        return option;
      }));
      list.hidden = found.length === 0;
      input.setAttribute('aria-expanded', String(found.length > 0));
      mark();
    }

    function mark() {
      [...list.children].forEach((option, index) => option.setAttribute('aria-selected', String(index === chosen)));
      if (chosen >= 0) input.setAttribute('aria-activedescendant', `${list.id}-${chosen}`);
      else input.removeAttribute('aria-activedescendant');
    }

    function take(index) {
      input.value = '';
      add(offered[index]);
      offer([]);
      touch();
    }

    input.addEventListener('input', async () => {
      if (/[,;]\s*$/.test(input.value)) { commit(); return; }
      const text = input.value.trim(), turn = ++asked;
      const found = text.length > 0 ? await suggest(text) : [];
      if (turn === asked && input.value.trim() === text) offer(found.filter(person => !people.some(known => known.address === person.address)));
    });
    input.addEventListener('keydown', event => {
      if (event.isComposing) return; // an input method is still putting a syllable together
      if (!list.hidden && ['ArrowDown', 'ArrowUp'].includes(event.key)) {
        chosen = (chosen + (event.key === 'ArrowDown' ? 1 : -1) + offered.length) % offered.length;
        mark();
        event.preventDefault();
      } else if (event.key === 'Enter' && !event.ctrlKey && !event.metaKey) {
        if (chosen >= 0 && !list.hidden) take(chosen); else commit();
        event.preventDefault();
      } else if (event.key === 'Tab' && chosen >= 0 && !list.hidden) {
        take(chosen);
        event.preventDefault();
      } else if (event.key === 'Escape' && !list.hidden) {
        offer([]);
        event.preventDefault();
      } else if (event.key === 'Backspace' && input.value === '' && people.length > 0) {
        drop(people.at(-1));
      }
    });
    input.addEventListener('blur', () => { commit(); offer([]); });
    input.addEventListener('paste', event => {
      const text = event.clipboardData.getData('text/plain');
      if (!/[,;\n]/.test(text)) return;
      event.preventDefault();
      split(text).forEach(add);
      touch();
    });
    line.querySelector('.mail-chips').addEventListener('click', event => { if (event.target === event.currentTarget) input.focus(); });
    return { people, add, commit, input };
  }

  function showAll() {
    for (const name of ['cc', 'bcc']) lines.get(name).hidden = false;
    root.querySelector('.mail-cc').hidden = true;
    fields.get('cc').input.focus();
  }

  return {
    value: () => Object.fromEntries([...fields].map(([name, item]) => [name, item.people.map(person => ({ name: person.name, address: person.address }))])),
    fill(state) {
      for (const [name, item] of fields) {
        (state[name] ?? []).forEach(item.add);
        if (name !== 'to' && item.people.length > 0) lines.get(name).hidden = false;
      }
    },
    commit: () => fields.forEach(item => item.commit()),
    wrong: () => [...fields.values()].flatMap(item => item.people).find(person => !valid.test(person.address))?.address,
    mark(address) {
      for (const chip of root.querySelectorAll('.mail-chip')) if (chip.dataset.address.toLowerCase() === address.toLowerCase()) chip.classList.add('bad');
      fields.get('to').input.focus();
    },
    focus: () => fields.get('to').input.focus(),
    showAll,
  };
}
