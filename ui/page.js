// What the page does in the browser itself. Gradio's own ways to run scripts need 'unsafe-eval', which our policy denies.
'use strict';

// Hand a value to the hidden text field that Python listens to; the count makes each one new.
let told = 0;
function tell(field, value) {
  const input = document.querySelector(`#${field} textarea, #${field} input`);
  input.value = `${value} ${++told}`;
  input.dispatchEvent(new Event('input', {bubbles: true}));
}

// A mark in an answer is a link to #source-TURN-NUMBER; Enter on it clicks it.
document.addEventListener('click', (event) => {
  const mark = event.target.closest('a.fn-mark');
  if (!mark) return;
  event.preventDefault();
  tell('opened', mark.getAttribute('href').slice(1));
});
