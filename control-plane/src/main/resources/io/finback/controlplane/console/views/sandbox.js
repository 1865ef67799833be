// Files of agents, through this master: a browser never reaches an agent.
import { h } from '../vdom.js';
import { get, path, query, stream, token, headers } from '../api.js';
import * as f from '../format.js';
import { at, button, empty, heading, link, table, tabs, when } from '../parts.js';
import { toast } from '../dialog.js';
import { Tail } from './tail.js';
import { taskTabs } from './tasks.js';

/** Where the agent keeps what a task wrote. A command is an executor of its own name. */
export function files(task) {
  const run = `/frameworks/${task.framework_id}/executors/${task.executor_id || task.id}/runs/latest`;
  return task.executor_id && task.executor_id !== task.id ? `${run}/tasks/${task.id}` : run;
}

/** A custom executor keeps its tasks' files among its own. */
const executors = file => file.replace(/\/tasks\/[^/]+(?=\/|$)/, '');
const orExecutors = (file, ask) => ask(file).catch(error => error.status === 404 && executors(file) !== file ? ask(executors(file)) : Promise.reject(error));

const of = (agent, what, values) => path('cluster/finback/agents', agent) + `/files/${what}` + query(values);

/** The task whose files these are, as the address names it. */
function owner(ui) {
  const [framework_id, ...rest] = (ui.query.task ?? '').split(' ');
  return rest.length ? { framework_id, id: rest.join(' '), slave_id: ui.params[0] } : null;
}

async function task(ui) {
  const named = owner(ui);
  if (!named) return null;
  const found = await get('cluster/finback/tasks' + query({ framework_id: named.framework_id, task_id: named.id, limit: 1 }), { maxAge: 10000 });
  return found.tasks[0] ?? null;
}

const area = ui => ui.query.task ? 'tasks' : 'agents';
const name = file => file.slice(file.lastIndexOf('/') + 1);

function download(ui, file) {
  const from = of(ui.params[0], 'download', { path: file });
  if (!token.get()) return h('a', { href: from, download: name(file), class: 'button small' }, 'Download');
  // A link would not carry the token.
  return button('Download', async () => {
    try {
      const blob = await (await fetch(from, { headers: headers() })).blob();
      const link = Object.assign(document.createElement('a'), { href: URL.createObjectURL(blob), download: name(file) });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    } catch (error) {
      toast('Download', error);
    }
  });
}

/** Links to every folder above. */
function crumbs(ui, file, more = []) {
  const parts = file.split('/').filter(Boolean);
  const root = '/' + parts.slice(0, 6).join('/');
  const short = parts[0] === 'frameworks' && parts.length >= 6 && ui.query.task;
  const shown = short ? parts.slice(6) : parts;
  const base = short ? root : '';
  const to = (text, where) => link(`agents/${at(ui.params[0])}/browse` + query({ path: where, task: ui.query.task }), text);
  return h('nav', { class: 'crumbs', 'aria-label': 'Folder' }, to(short ? 'sandbox' : '/', base || '/'),
    shown.map((part, i) => [' / ', i === shown.length - 1 && more.length ? part : to(part, base + '/' + shown.slice(0, i + 1).join('/'))]), more);
}

function top(data, ui, chosen) {
  return data.task
    ? [heading(data.task.name || data.task.id, `Task ${data.task.id}`), taskTabs(data.task, chosen)]
    : [heading('Files', `Agent ${ui.params[0]}`), tabs(chosen === 'log' ? 'log' : 'files', [['agent', `#/agents/${at(ui.params[0])}`, 'Agent'],
      ['log', `#/agents/${at(ui.params[0])}/log` + query({ path: '/slave/log' }), 'Log'], ['files', `#/agents/${at(ui.params[0])}/browse`, 'Files']])];
}

export const browse = {
  title: 'Files',
  nav: area,
  every: 5000,
  async load(ui) {
    const where = ui.query.path || '/';
    const [found, list, roots] = await Promise.all([task(ui),
      where === '/' ? [] : orExecutors(where, file => get(of(ui.params[0], 'browse', { path: file }))),
      where === '/' ? get(of(ui.params[0], 'debug', {})) : {}]);
    return { task: found, list, roots };
  },
  render(data, ui) {
    const where = ui.query.path || '/';
    const rows = where === '/' ? Object.keys(data.roots).map(file => ({ path: file, mode: file.endsWith('/log') ? '-' : 'd' })) : data.list;
    const folder = file => file.mode.startsWith('d');
    return [
      ...top(data, ui, 'browse'),
      crumbs(ui, where),
      table(ui, {
        rows, key: file => file.path, none: empty('Nothing here', 'The folder is empty, or its files have been deleted.'),
        columns: [
          { name: 'Name', by: file => file.path, wide: true, cell: file => link(`agents/${at(ui.params[0])}/${folder(file) ? 'browse' : 'log'}` + query({ path: file.path, task: ui.query.task }), where === '/' ? file.path : name(file.path), folder(file) && where !== '/' ? '/' : '') },
          { name: 'Size', num: true, by: file => file.size, cell: file => folder(file) || file.size === undefined ? '' : f.bytes(file.size) },
          { name: 'Changed', by: file => file.mtime, cell: file => file.mtime ? when(file.mtime) : '' },
          { name: 'Mode', cell: file => file.uid ? h('code', null, `${file.mode} ${file.uid}:${file.gid}`) : '' },
          { name: '', cell: file => folder(file) ? '' : download(ui, file.path) },
        ],
      }),
    ];
  },
};

export const log = {
  title: ui => name(ui.query.path ?? ''),
  nav: area,
  every: 15000,
  load: async ui => ({ task: await task(ui) }),
  render(data, ui) {
    const file = ui.query.path ?? '';
    if (ui.state.file !== file) {
      ui.state.tail?.close();
      ui.state.file = file;
      ui.state.tail = new Tail({
        follow: (offset, signal) => orExecutors(file, path => stream(of(ui.params[0], 'follow', { path, offset: String(offset) }), signal)),
        read: (offset, length) => get(of(ui.params[0], 'read', { path: file, offset: String(offset), length: String(length) })),
        changed: () => ui.redraw(),
      });
      if (!ui.state.leaving) {
        ui.state.leaving = true;
        ui.onleave(() => ui.state.tail.close());
      }
    }
    const tail = ui.state.tail;
    return [
      ...top(data, ui, ['stdout', 'stderr'].includes(name(file)) ? name(file) : data.task ? 'browse' : 'log'),
      crumbs(ui, file, [' ']),
      h('div', { class: 'toolbar' },
        h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: tail.following, onchange: event => tail.follow(event.target.checked) }), ' Follow'),
        h('label', { class: 'check' }, h('input', { type: 'checkbox', checked: ui.query.wrap === '1', onchange: event => ui.go({ wrap: event.target.checked ? '1' : '' }) }), ' Wrap lines'),
        tail.canEarlier ? button('Earlier', () => tail.earlier()) : null,
        download(ui, file),
        h('span', { class: 'muted', role: 'status' }, tail.says)),
      h('pre', { class: 'log' + (ui.query.wrap === '1' ? ' wrap' : ''), key: file, own: true, tabindex: '0', 'aria-label': `Contents of ${name(file)}`, ref: node => tail.into(node) }),
    ];
  },
};
