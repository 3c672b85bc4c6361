// The formatting bar.

const pairs = {
  bold: ['B', 'bold', 'removeBold'], italic: ['I', 'italic', 'removeItalic'], underline: ['U', 'underline', 'removeUnderline'],
  strikethrough: ['S', 'strikethrough', 'removeStrikethrough'], ul: ['UL', 'makeUnorderedList', 'removeList'], ol: ['OL', 'makeOrderedList', 'removeList'],
  quote: ['BLOCKQUOTE', 'increaseQuoteLevel', 'decreaseQuoteLevel'],
};

export function formats(root, words, editor, files) {
  const bar = root.querySelector('.mail-toolbar');
  const show = () => {
    for (const [name, [tag]] of Object.entries(pairs)) {
      bar.querySelector(`[data-format="${name}"]`).setAttribute('aria-pressed', String(editor.hasFormat(tag)));
    }
  };
  const apply = name => {
    if (pairs[name]) {
      const [tag, on, off] = pairs[name];
      editor[editor.hasFormat(tag) ? off : on]();
    } else if (name === 'link') {
      if (editor.hasFormat('A')) { editor.removeLink(); return; }
      const address = window.prompt(words.LinkAsk, 'https://');
      if (address && /^(https?|mailto|tel):/i.test(address.trim())) editor.makeLink(address.trim());
    } else if (name === 'image') {
      files.pickPicture();
    } else {
      editor.removeAllFormatting();
    }
    show();
  };
  // Pressing must not take the selection from the text.
  bar.addEventListener('pointerdown', event => { if (event.target.closest('button')) event.preventDefault(); });
  bar.addEventListener('click', event => {
    const button = event.target.closest('[data-format]');
    if (button) { editor.focus(); apply(button.dataset.format); }
  });
  editor.addEventListener('pathChange', show);
  editor.addEventListener('select', show);
}
