// What the page does in the browser itself. Gradio's own ways to run scripts need 'unsafe-eval', which our policy denies.
'use strict';

const find = (selector) => document.querySelector(selector);
const narrow = matchMedia('(max-width: 899px)');
const cramped = matchMedia('(max-width: 1179px)');

// Write into a text field so that Gradio takes notice.
function write(input, text) {
  input.value = text;
  input.dispatchEvent(new Event('input', {bubbles: true}));
}

// Hand a value to the hidden text field that Python listens to; the count makes each one new.
let told = 0;
function tell(field, value) {
  write(find(`#${field} textarea, #${field} input`), `${value} ${++told}`);
}

// --- Questions

const box = () => find('#question textarea');

function ask(question) {
  write(box(), question);
  box().focus();
  setTimeout(() => find('#ask').click(), 50); // disabled while another is answered: then it waits in the box
}

// The question that an element of the conversation belongs to.
function questionBefore(element) {
  const before = [...document.querySelectorAll('#chat .fn-question')].filter(
    (one) => one.compareDocumentPosition(element) & Node.DOCUMENT_POSITION_FOLLOWING);
  return before.at(-1)?.textContent ?? '';
}

document.addEventListener('click', (event) => {
  const link = event.target.closest('a.fn-mark, a.fn-suggestion, a.fn-again, a.fn-skip');
  if (link) event.preventDefault();
  if (link?.matches('.fn-mark')) tell('opened', link.getAttribute('href').slice(1)); // source-TURN-NUMBER
  if (link?.matches('.fn-suggestion')) ask(link.textContent);
  if (link?.matches('.fn-again')) ask(questionBefore(link));
  if (link?.matches('.fn-skip')) box().focus();
  // The button that was pressed is hidden now; on a touch screen the keyboard would come up.
  if (event.target.closest('#ask, #stop, #new') && matchMedia('(pointer: fine)').matches) box().focus();
  if (narrow.matches && drawer()?.matches('.open') && !event.target.closest('#library')) toggle().click();
});

document.addEventListener('keydown', (event) => {
  if (event.isComposing) event.stopPropagation(); // Enter that picks a word of an input method asks nothing
  if (event.key === ' ' && event.target.matches('a[role=button]')) {
    event.preventDefault();
    event.target.click();
  }
  if (event.key !== 'Escape' || event.defaultPrevented) return;
  if (narrow.matches && drawer()?.matches('.open')) {
    toggle().click();
    toggle().focus();
  } else if (find('#stop:enabled')) {
    find('#stop').click();
    box().focus();
  }
}, true);

// --- The tab: its id brings its conversation back after a reload, and is no other tab's.

const others = new BroadcastChannel('footnote-tabs');
const page = newId();
let tab = remembered();

function newId() { // crypto.randomUUID is not there without https
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function remembered(id) {
  try {
    id ??= sessionStorage.getItem('footnote-tab') ?? newId();
    sessionStorage.setItem('footnote-tab', id);
  } catch {
    id ??= newId(); // storage is switched off: a reload begins anew
  }
  return id;
}

// A tab that was duplicated has the id of its original: ask whether somebody holds it.
others.onmessage = ({data}) => {
  if (data.asked === tab && data.by !== page) others.postMessage({held: tab, from: data.by});
  if (data.held === tab && data.from === page) tab = remembered(newId());
};
others.postMessage({asked: tab, by: page});
const alone = new Promise((resolve) => setTimeout(resolve, 100));

// --- Downloads: files are made here, for the server serves none.

const TYPES = {md: 'text/markdown', html: 'text/html'};

function download() {
  const name = find('#ready').textContent.trim().split(' ')[0];
  const [first, ...lines] = find('#exported textarea').value.split('\n');
  if (!name || first !== name) return;
  const type = TYPES[name.split('.').at(-1)];
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([lines.join('\n')], {type: `${type};charset=utf-8`}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// --- The drawer of documents

const drawer = () => find('#library');
const toggle = () => find('#library > .toggle-button');

// It comes closed, and opens where there is room beside the conversation.
function settleDrawer() {
  if (drawer().matches('.open') === cramped.matches) toggle().click();
}
cramped.addEventListener('change', settleDrawer);

// --- What Gradio's components lack for keyboards and screen readers

function set(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (element && element.getAttribute(name) !== value) element.setAttribute(name, value);
  }
}

const THUMBS = {
  Like: 'Right: keep this as a question of the suite',
  Liked: 'Kept as right',
  Dislike: 'Wrong: write this answer down',
  Disliked: 'Written down as wrong',
};

function dress() {
  set(find('#conversation'), {role: 'region', 'aria-label': 'Conversation'});
  set(find('#side'), {role: 'region', 'aria-label': 'Evidence', tabindex: '-1'});
  set(find('#library'), {role: 'complementary', 'aria-label': 'Documents'});
  set(toggle(), {'aria-label': 'Documents', 'aria-expanded': String(Boolean(drawer()?.matches('.open')))});
  set(box(), {'aria-label': 'Question', enterkeyhint: 'send'});
  // What streams in would be read out again and again: .fn-live says once when an answer is complete.
  set(find('#chat [role=log]'), {'aria-live': 'off', 'aria-label': 'Questions and answers', tabindex: '0'});
  set(find('#chat .placeholder-content'), {role: 'presentation'});
  set(find('#export-markdown'), {'aria-label': 'Export as Markdown'});
  set(find('#export-html'), {'aria-label': 'Export as HTML'});
  for (const message of document.querySelectorAll('#chat [data-testid=user], #chat [data-testid=bot]')) {
    set(message, {role: 'group', 'aria-label': message.dataset.testid === 'user' ? 'Question' : 'Answer'});
  }
  for (const thumb of document.querySelectorAll('#chat button[title]')) {
    if (THUMBS[thumb.title]) set(thumb, {'aria-label': THUMBS[thumb.title], title: THUMBS[thumb.title]});
  }
}

// --- The newest question stands at the top, with its answer below it, until somebody scrolls.

let questions = 0;
let following = true;

function follow() {
  const asked = document.querySelectorAll('#chat .fn-question');
  if (asked.length !== questions) following = true;
  questions = asked.length;
  const log = find('#chat [role=log]');
  if (!following || !questions || !log) return;
  const message = asked[questions - 1].closest('[data-testid=user]') ?? asked[questions - 1];
  log.scrollTop += message.getBoundingClientRect().top - log.getBoundingClientRect().top - 8;
}

for (const way of ['wheel', 'touchmove', 'keydown', 'pointerdown']) {
  document.addEventListener(way, (event) => {
    if (event.target.closest?.('#chat')) following = false;
  }, {passive: true, capture: true});
}

let waits = false;
let started = false;

function changed() {
  waits = false;
  const needed = ['#question textarea', '#tab textarea, #tab input', '#heard', '#ready', '#library > .toggle-button'];
  if (!needed.every(find)) return;
  dress();
  follow();
  if (started) return;
  started = true;
  settleDrawer();
  // Not #heard itself, where Gradio shows its progress.
  new MutationObserver(() => {
    const heard = find('#heard .md')?.textContent.trim() ?? '';
    if (find('.fn-live').textContent !== heard) find('.fn-live').textContent = heard;
  }).observe(find('#heard'), {childList: true, characterData: true, subtree: true});
  new MutationObserver(readied).observe(find('#ready'), {childList: true, characterData: true, subtree: true});
  readied();
}

// Python has written to #ready: first that it listens, then that there is a file.
async function readied() {
  const ready = find('#ready .md')?.textContent.trim();
  if (!ready) return;
  await alone;
  if (!document.body.matches('.fn-started')) {
    document.body.classList.add('fn-started'); // from now on the drawer slides
    tell('tab', tab);
  } else {
    setTimeout(download, 50);
  }
}

function begin() {
  document.documentElement.lang ||= 'en';
  document.body.insertAdjacentHTML('afterbegin', '<a class="fn-skip" href="#question">Skip to the question</a>');
  document.body.insertAdjacentHTML('beforeend', '<div class="fn-live" role="status" aria-live="polite"></div>');
  new MutationObserver(() => {
    if (!waits) requestAnimationFrame(changed);
    waits = true;
  }).observe(document.body, {
    childList: true, subtree: true, attributes: true, attributeFilter: ['title', 'class', 'aria-label', 'aria-live'],
  });
}

// Gradio adds this script when the page stands already.
if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
else begin();
