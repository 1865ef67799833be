// Definitions as JSON: new ones, and changes of those there are.
import { h } from '../vdom.js';
import { get, send } from '../api.js';
import { at, heading, link, problem, section } from '../parts.js';
import { toast } from '../dialog.js';
import { url, definition } from './app.js';
import { changes } from './diff.js';

const KINDS = {
  app: { name: 'App', to: 'services/v2/apps', method: 'POST', next: made => 'apps/' + at(made.id ?? ''), example: { id: '/hello', cmd: 'while true; do echo hello; sleep 1; done', cpus: 0.1, mem: 32, instances: 1 } },
  group: { name: 'Group', to: 'services/v2/groups', method: 'POST', next: () => 'apps', example: { id: '/shop', apps: [{ id: 'web', cmd: 'exec python3 -m http.server $PORT0', cpus: 0.1, mem: 32, instances: 2, portDefinitions: [{ port: 0, name: 'http' }] }] } },
  pod: { name: 'Pod', to: 'services/v2/pods', method: 'POST', next: () => 'pods', example: { id: '/pair', scaling: { kind: 'fixed', instances: 1 }, containers: [{ name: 'main', resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: 'sleep 1000' } } }] } },
  job: { name: 'Job', to: 'services/v1/scheduler/iso8601', method: 'POST', next: () => 'jobs', example: { name: 'nightly', command: 'echo done', schedule: 'R//P1D', scheduleTimeZone: 'UTC', cpus: 0.1, mem: 32 } },
  dependent: { name: 'Job after others', to: 'services/v1/scheduler/dependency', method: 'POST', next: () => 'jobs', example: { name: 'report', command: 'echo report', parents: ['nightly'], cpus: 0.1, mem: 32 } },
};

/** The text as it is being written, what is wrong with it, and where it goes. */
function editor(ui, { start, kind, save }) {
  const state = ui.state;
  if (state.kind !== kind) Object.assign(state, { kind, text: JSON.stringify(start, null, 2), refused: null, saving: false, fresh: true });
  let value = null;
  let wrong = null;
  try {
    value = JSON.parse(state.text);
  } catch (error) {
    wrong = error.message;
  }
  const fields = new Map((state.refused?.details ?? []).map(each => [each.path, each.errors]));
  const submit = async event => {
    event.preventDefault();
    Object.assign(state, { saving: true, refused: null });
    ui.redraw();
    try {
      await save(value);
    } catch (error) {
      state.refused = error;
      state.saving = false;
      ui.redraw();
    }
  };
  return { value, node: h('form', { class: 'editor', onsubmit: submit, key: kind },
    h('label', { class: 'field' }, 'Definition',
      h('textarea', { spellcheck: 'false', rows: 22, key: 'text-' + kind, 'aria-invalid': String(Boolean(wrong || state.refused)), 'aria-describedby': 'wrong',
        ref: node => { node.value = state.text; },
        oninput: event => { state.text = event.target.value; ui.redraw(); },
        onkeydown: event => { if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') event.target.form.requestSubmit(); } })),
    h('div', { id: 'wrong', key: 'wrong' },
      wrong ? h('p', { class: 'problem' }, 'This is not JSON: ', wrong) : null,
      state.refused ? problem({ status: state.refused.status, message: state.refused.message, details: value ? state.refused.details.filter(each => !each.path) : state.refused.details }) : null,
      [...fields].map(([path, errors]) => value && path ? h('p', { class: 'field-error', key: path }, h('code', null, path), ' is ', h('code', null, JSON.stringify(atPath(value, path)) ?? 'absent'), ': ', errors.join('; ')) : null)),
    h('div', { class: 'actions' },
      h('button', { type: 'submit', class: 'primary', disabled: Boolean(wrong || state.saving) }, state.saving ? 'Asking …' : 'Deploy'),
      h('span', { class: 'muted' }, 'Ctrl-Enter'))) };
}

/** What a value has at a path of Marathon's: /container/docker, /ports(0), /labels/a. */
function atPath(value, path) {
  return path.split(/[/().[\]]/).filter(Boolean).reduce((inner, name) => inner === null || inner === undefined ? undefined : inner[name], value);
}

export const create = {
  title: 'Create',
  nav: 'apps',
  every: 600000,
  load: async () => ({}),
  render(data, ui) {
    const kind = KINDS[ui.params[0]] ? ui.params[0] : 'app';
    const { name, example, to, method, next } = KINDS[kind];
    const form = editor(ui, { kind, start: example, save: async value => {
      const made = await send(method, to, value);
      toast(`${value.id ?? value.name} is accepted`);
      location.hash = '#/' + next({ id: made?.id ?? value.id });
    } });
    return [
      heading('Create', 'What is wrong with it is said before anything changes'),
      h('nav', { class: 'tabs', 'aria-label': 'Kind' }, Object.entries(KINDS).map(([id, each]) => h('a', { href: id === 'app' ? '#/create' : '#/create/' + id, 'aria-current': id === kind ? 'page' : null }, each.name))),
      h('h2', { class: 'sr' }, name), form.node,
    ];
  },
};

export const edit = {
  title: ui => `Edit ${ui.params[0]}`,
  nav: 'apps',
  every: 600000,
  load: async ui => ({ app: (await get(url(ui.params[0]))).app }),
  render({ app }, ui) {
    const now = definition(app);
    // Marathon gives both dialects and refuses to take both.
    for (const name of ['uris', 'storeUrls', 'executor', 'ports']) delete now[name];
    const form = editor(ui, { kind: 'edit', start: now, save: async value => {
      await send('PUT', url(app.id), value);
      toast(`${app.id} is being deployed`);
      location.hash = '#/apps/' + at(app.id);
    } });
    return [
      heading(['Edit ', link('apps/' + at(app.id), app.id)], 'The whole definition; what is left out gets its default'),
      form.node,
      form.value ? section('What changes', changes(now, form.value)) : null,
    ];
  },
};
