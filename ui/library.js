// Files and folders on their way in. Gradio's upload forgets which folder a file was in, and sends at most 1,000 at once:
// each file is handed to it under a number, in batches, and Python is told their names.
'use strict';
{
  const BATCH = 200; // files
  const PATIENCE = 3000; // milliseconds of rest after which a batch has not arrived

  const field = (id) => find(`#${id} textarea, #${id} input`);
  const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  let handing = false;
  let sending = Promise.resolve();

  // What stands below a chosen folder and is hidden is no document, as `rag index` has it.
  const visible = ({name}) => !name.split('/').slice(1).some((part) => part.startsWith('.') || part.startsWith('~$'));
  const named = (file) => ({file, name: file.webkitRelativePath || file.name});

  function* batches(files, most) {
    let batch = [];
    let bytes = 0;
    for (const one of files) {
      if (batch.length === BATCH || (batch.length && bytes + one.file.size > most)) {
        yield batch;
        [batch, bytes] = [[], 0];
      }
      batch.push(one);
      bytes += one.file.size;
    }
    if (batch.length) yield batch;
  }

  async function send(given) {
    const most = Number(find('.fn-megabytes').textContent) * 1e6;
    const files = given.filter(visible).sort((a, b) => (a.name < b.name ? -1 : 1));
    const large = files.filter((one) => one.file.size > most).map((one) => one.name);
    const lost = [];
    for (const batch of batches(files.filter((one) => one.file.size <= most), most)) {
      if (!(await hand(batch))) lost.push(...batch.map((one) => one.name));
    }
    tell('upload-sent', JSON.stringify({large: large.slice(0, BATCH), lost: lost.slice(0, BATCH)}));
  }

  // Give a batch to Gradio's own field; true where Python has said that it arrived.
  async function hand(batch) {
    while (!find('#upload input[type=file]') || find('#upload .file-preview')) await pause(50);
    const token = newId();
    const numbered = new DataTransfer();
    batch.forEach(({file}, number) => {
      const suffix = file.name.match(/\.[A-Za-z0-9]{1,10}$/)?.[0] ?? '';
      numbered.items.add(new File([file], `${token}-${number}${suffix}`, {type: file.type}));
    });
    write(field('upload-names'), `${JSON.stringify(batch.map((one) => one.name))} ${token}`);
    const input = find('#upload input[type=file]');
    handing = true;
    input.files = numbered.files;
    input.dispatchEvent(new Event('change', {bubbles: true}));
    handing = false;
    for (let rest = 0; rest < PATIENCE; rest = atWork() ? 0 : rest + 50) {
      if (field('upload-taken').value === token) return true;
      await pause(50);
    }
    return false;
  }

  const atWork = () => !find('#upload input[type=file]') || find('#upload .file-preview');

  function queue(files) {
    sending = sending.then(async () => send(await files)).catch((error) => console.error(error));
  }

  async function below(entry, path) {
    if (entry.isFile) {
      const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
      return [{file, name: path + entry.name}];
    }
    const reader = entry.createReader();
    const found = [];
    for (let some; !some || some.length; ) { // it gives so many at a time
      some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
      for (const inner of some) found.push(...(await below(inner, `${path}${entry.name}/`)));
    }
    return found;
  }

  async function dropped(entries) {
    const found = [];
    for (const entry of entries) found.push(...(await below(entry, '')));
    return found;
  }

  document.addEventListener('change', (event) => {
    if (handing || !event.target.matches('#upload input[type=file]')) return;
    event.stopImmediatePropagation();
    queue([...event.target.files].map(named));
  }, true);

  document.addEventListener('drop', (event) => {
    if (handing || !event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault(); // or the browser would leave the page for the file
    const zone = event.target.closest('#upload');
    if (!zone) return;
    event.stopImmediatePropagation();
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry()).filter(Boolean);
    queue(entries.length ? dropped(entries) : [...event.dataTransfer.files].map(named));
    handing = true; // Gradio takes it that nothing was dropped
    event.target.dispatchEvent(new DragEvent('drop', {bubbles: true, cancelable: true, dataTransfer: new DataTransfer()}));
    handing = false;
  }, true);

  document.addEventListener('dragover', (event) => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  });

  // Screen readers hear how an upload and a removal end; the region has to be there, and live, before it is told.
  new MutationObserver(() => set(find('#library-heard'), {role: 'status', 'aria-live': 'polite'})).observe(
    document.documentElement, {childList: true, subtree: true});

  document.addEventListener('click', (event) => {
    if (!event.target.closest('#upload-folder')) return;
    const chooser = document.createElement('input');
    chooser.type = 'file';
    chooser.webkitdirectory = true;
    chooser.addEventListener('change', () => queue([...chooser.files].map(named)));
    chooser.click();
  });
}
