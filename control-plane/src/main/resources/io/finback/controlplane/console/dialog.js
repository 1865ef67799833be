// Questions before something is changed, and what became of it.
import { h, render } from './vdom.js';
import { button, problem } from './parts.js';

/** Asks; resolves with the form's values, or null. `fields`: name, label, and what an input has. */
function question({ title, text, action, danger = false, fields = [] }) {
  return new Promise(resolve => {
    const dialog = document.createElement('dialog');
    const left = () => close(null);
    const close = value => {
      removeEventListener('hashchange', left);
      dialog.close();
      dialog.remove();
      resolve(value);
    };
    dialog.addEventListener('cancel', event => {
      event.preventDefault();
      close(null);
    });
    const submit = event => {
      event.preventDefault();
      const form = event.target;
      close(Object.fromEntries(fields.map(({ name, type }) => [name, type === 'checkbox' ? form.elements[name].checked : form.elements[name].value])));
    };
    render(dialog, h('form', { method: 'dialog', onsubmit: submit },
      h('h2', null, title),
      text ? h('p', null, text) : null,
      fields.map(({ name, label, ...input }) => h('label', { class: input.type === 'checkbox' ? 'check' : 'field' },
        input.type === 'checkbox' ? [h('input', { name, ...input }), ' ', label] : [label, h('input', { name, required: true, ...input })])),
      h('div', { class: 'actions' },
        button('Cancel', () => close(null)),
        h('button', { type: 'submit', class: danger ? 'danger' : 'primary' }, action))));
    // Who goes to another page has not said yes.
    addEventListener('hashchange', left);
    document.body.append(dialog);
    dialog.showModal();
  });
}

/** Says what happened, for a while; failures until they are closed. */
export function toast(text, error = null) {
  const box = document.createElement('div');
  box.className = error ? 'toast bad' : 'toast';
  const gone = () => box.remove();
  render(box, h('div', null, h('strong', null, text), error ? problem(error) : null), h('button', { type: 'button', 'aria-label': 'Close', onclick: gone }, '×'));
  document.getElementById('toasts').append(box);
  if (!error) setTimeout(gone, 5000);
}

/** Asks, does it, and says so; true if it was done. */
export async function act({ run, done, ...asked }) {
  const values = await question(asked);
  if (values === null) return false;
  try {
    await run(values);
    toast(done);
    return true;
  } catch (error) {
    toast(asked.title.replace(/\?$/, '') + ': refused', error);
    return false;
  }
}
