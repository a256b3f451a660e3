// The evidence side: focus, scrolling, the clipboard and what a screen reader hears. The sanitiser keeps no aria-*.
'use strict';

(() => {
  const NARROW = window.matchMedia('(max-width: 899px)');
  const OPENS = '#evidence-sources button, #evidence-text button[id^="open-"]';
  const byId = (id) => document.getElementById(id);
  let wanted = '';        // the source whose heading takes the focus once it is there
  let focused = '';       // the button that was used: what replaces it takes its focus
  let steady = null;      // the quote, and how far down it stood, when more of its document was asked for
  let from = null;        // the mark that was followed
  let last = '';

  const live = document.createElement('div');
  live.className = 'fn-hidden';
  live.setAttribute('role', 'status');

  function say(message) {
    live.textContent = '';
    window.setTimeout(() => { live.textContent = message; }, 50);
  }

  const opened = () => document.querySelector('#evidence-head section')?.id ?? '';
  const quote = () => document.querySelector('#evidence-text mark, #evidence-text .fn-passage');
  // What scrolls around the evidence, short of the window.
  function scroller() {
    let box = byId('evidence');
    while (box && box !== document.body) {
      if (box.scrollHeight > box.clientHeight + 1 && /auto|scroll/.test(getComputedStyle(box).overflowY)) return box;
      box = box.parentElement;
    }
    return null;
  }

  // Scroll the evidence alone: the conversation stays where it is.
  function reveal(element) {
    const box = scroller();
    if (!box || !element) return;
    const list = byId('evidence-sources').getBoundingClientRect().height;
    const [outer, inner] = [box.getBoundingClientRect(), element.getBoundingClientRect()];
    if (inner.top >= outer.top + list && inner.bottom <= outer.bottom) return;
    box.scrollTop += inner.top - outer.top - list - Math.max(24, (outer.height - list - inner.height) / 3);
  }

  // The list of sources scrolls too where it is long.
  function revealPill() {
    const pill = document.querySelector('#evidence-sources .fn-current');
    const list = pill?.closest('.fn-pills');
    if (list) list.scrollTop = pill.offsetTop - list.offsetTop - list.clientHeight / 2;
  }

  // How far down the first page the quote begins, 0 to 1.
  const share = () => Number(document.querySelector('#evidence-page .fn-here').id.split('-')[2]) / 1000;

  function revealLines() {
    const sheets = document.querySelector('#evidence-page .fn-sheets');
    const here = sheets?.querySelector('.fn-here');
    if (!here || here.dataset.shown) return;
    here.dataset.shown = 'yes';
    const at = share() * here.parentElement.querySelector('img').getBoundingClientRect().height;
    sheets.scrollTop = at - sheets.clientHeight / 3;
  }

  function label() {
    const current = opened();
    const name = (element, value) => element?.setAttribute('aria-label', value);
    name(document.querySelector('#evidence-sources nav'), 'Sources');
    name(document.querySelector('#evidence-page .fn-sheets'), 'Page with the quote');
    name(document.querySelector('#evidence-head section'), 'Source');
    for (const one of document.querySelectorAll('.fn-pill, a.fn-mark')) {
      const is = current !== '' && [one.value, one.getAttribute('href')?.slice(1)].includes(current);
      if (is) one.setAttribute('aria-current', 'true'); else one.removeAttribute('aria-current');
    }
    const page = document.querySelector('#evidence-page figure');
    if (page) page.hidden = page.id !== `page-${current}`;
  }

  function takeFocus() {
    if (!focused || document.activeElement !== document.body) return;
    const beside = focused === 'evidence-wrong' ? ['evidence-copy'] : [];
    const next = [focused, ...beside, 'evidence-next', 'evidence-previous', 'evidence-title'].map(byId);
    next.find((element) => element && !element.disabled)?.focus({preventScroll: true});
    focused = '';
  }

  // Runs once after every change, before the browser paints.
  function settle() {
    if (!live.isConnected) document.body.append(live);
    label();
    const current = opened();
    const whole = current !== '' && byId(`text-${current}`) !== null;
    if (steady && quote() && quote() !== steady.quote) {
      const moved = quote().getBoundingClientRect().top - steady.top;
      (scroller() ?? document.scrollingElement).scrollTop += moved;
      steady = null;
    }
    if (whole && current !== last) {
      last = current;
      steady = null;
      if (scroller()) scroller().scrollTop = 0;
      revealPill();
      reveal(quote());
      if (wanted !== current && focused) say(byId('evidence-title').textContent);
    }
    if (whole && wanted === current) show();
    if (!current) last = '';
    takeFocus();
    revealLines();
  }

  function show() {
    wanted = '';
    byId('evidence-title').focus({preventScroll: true});
    if (NARROW.matches) byId('evidence').scrollIntoView({block: 'start'});
    reveal(quote());
  }

  let waiting = false;
  new MutationObserver(() => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => { waiting = false; if (byId('evidence')) settle(); });
  }).observe(document, {childList: true, subtree: true});

  function copy(button) {
    const text = byId('evidence-copied').textContent;
    const done = () => {
      say('Copied');
      const before = button.textContent;
      button.textContent = 'Copied';
      window.setTimeout(() => { button.textContent = before; }, 2000);
    };
    const selected = () => {  // where the page is not served safely there is no clipboard
      const field = document.createElement('textarea');
      field.value = text;
      document.body.append(field);
      field.select();
      const worked = document.execCommand('copy');
      field.remove();
      button.focus();
      if (worked) done(); else say('Copying is not possible here');
    };
    if (navigator.clipboard) navigator.clipboard.writeText(text).then(done, selected); else selected();
  }

  function enlarge(button) {
    const dialog = document.createElement('dialog');
    dialog.className = 'fn-dialog';
    dialog.setAttribute('aria-label', 'Page with the quote');
    const close = document.createElement('button');
    close.type = 'button';
    close.textContent = 'Close';
    close.addEventListener('click', () => dialog.close());
    const images = [...document.querySelectorAll('#evidence-page img')].map((image) => image.cloneNode());
    dialog.append(close, ...images);
    dialog.addEventListener('close', () => { dialog.remove(); button.focus(); });
    document.querySelector('.gradio-container').append(dialog);
    dialog.showModal();
    dialog.scrollTop = share() * images[0].clientHeight - dialog.clientHeight / 3;
  }

  function back() {
    const mark = from && document.querySelector(`a.fn-mark[href="${from}"]`);
    const to = mark ?? document.querySelector(`a.fn-mark[href="#${opened()}"]`) ?? document.querySelector('#question textarea');
    to.closest('details')?.setAttribute('open', '');
    to.scrollIntoView({block: 'center'});
    to.focus({preventScroll: true});
  }

  document.addEventListener('click', (event) => {
    const mark = event.target.closest('a.fn-mark');
    if (mark) {
      from = mark.getAttribute('href');
      wanted = from.slice(1);
      if (wanted === opened()) show();
      return;
    }
    const button = event.target.closest('#evidence button');
    if (!button) return;
    if (button.id === 'evidence-back') back();
    else if (button.id === 'evidence-copy') copy(button);
    else if (button.id === 'evidence-enlarge') enlarge(button);
    else if (button.matches(OPENS)) { focused = button.id; from = null; tell('opened', button.value); }
    else if (button.value) {
      focused = button.id;
      steady = quote() && {quote: quote(), top: quote().getBoundingClientRect().top};
      tell('evidence-done', button.value);
    }
  });
})();
