// Tasks of every framework, and one of them.
import { h } from '../vdom.js';
import { get, query } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, button, choice, empty, facts, heading, id, muted, search, section, table, tabs, when } from '../parts.js';
import { files } from './sandbox.js';

const SIZE = 100;
const ENDED = ['FINISHED', 'FAILED', 'KILLED', 'ERROR', 'LOST', 'DROPPED', 'GONE', 'GONE_BY_OPERATOR'].map(each => 'TASK_' + each);
const FAILED = 'TASK_FAILED,TASK_ERROR,TASK_LOST,TASK_DROPPED,TASK_GONE';
export const LIVE = 'TASK_STAGING,TASK_STARTING,TASK_RUNNING,TASK_KILLING,TASK_UNREACHABLE';
const STATES = [['', 'All'], [LIVE, 'Not ended'], ['TASK_RUNNING', 'Running'], ['TASK_STAGING,TASK_STARTING', 'Starting'],
  ['TASK_KILLING', 'Being killed'], ['TASK_UNREACHABLE', 'Unreachable'], ['TASK_FINISHED', 'Finished'], [FAILED, 'Failed'], ['TASK_KILLED', 'Killed'], ['TASK_GONE_BY_OPERATOR', 'Gone by operator']];

const last = task => task.statuses[task.statuses.length - 1] ?? {};
const to = task => `tasks/${at(task.framework_id, task.id)}`;

/** A page of tasks as /finback/tasks tells them. */
export function taskTable(ui, found, none) {
  return table(ui, {
    rows: found.tasks, total: found.total, size: SIZE, key: task => task.framework_id + ' ' + task.id, none,
    columns: [
      { name: 'Task', wide: true, cell: task => link(to(task), task.name || task.id) },
      { name: 'Id', cell: task => h('span', { class: 'id', title: task.id }, f.brief(task.id)) },
      { name: 'State', cell: task => [badge(task.state), last(task).healthy === false ? [' ', badge('UNHEALTHY')] : null] },
      { name: 'Framework', cell: task => link('frameworks/' + at(task.framework_id), f.short(task.framework_id)) },
      { name: 'Host', cell: task => link('agents/' + at(task.slave_id), found.hosts[task.slave_id] ?? f.short(task.slave_id)) },
      { name: 'CPUs, memory', num: true, cell: task => `${f.cpus(task.resources.cpus)} · ${f.megabytes(task.resources.mem)}` },
      { name: 'Since', cell: task => when(last(task).timestamp) },
      { name: '', cell: task => sandbox(task, 'Sandbox') },
    ],
  });
}

const sandbox = (task, text) => link(`agents/${at(task.slave_id)}/browse` + query({ path: files(task), task: `${task.framework_id} ${task.id}` }), text);

export const tasks = {
  title: 'Tasks',
  load: async ui => ({
    found: await get('cluster/finback/tasks' + query({ search: ui.query.search, state: ui.query.state, framework_id: ui.query.framework, agent_id: ui.query.agent, order: ui.query.order, limit: SIZE, offset: (Number(ui.query.page) || 0) * SIZE || '' })),
  }),
  render({ found }, ui) {
    const states = [...STATES];
    if (ui.query.state && !states.some(([value]) => value === ui.query.state)) states.push([ui.query.state, 'As in the address']);
    return [
      heading('Tasks', `${f.number(found.total)} ${ui.query.search || ui.query.state ? 'match' : 'known'}, the latest change first`),
      h('div', { class: 'toolbar' }, search(ui, 'Id, name, role or host'), choice(ui, 'state', 'State', states), choice(ui, 'order', 'Order', [['', 'Latest first'], ['asc', 'Oldest first']]),
        ['framework', 'agent'].map(name => ui.query[name] ? button(`of ${name} ${f.short(ui.query[name])} ×`, () => ui.go({ [name]: '', page: '' }), 'small') : null)),
      h('p', { class: 'counts' }, Object.entries(found.states).map(([name, count]) => h('button', { type: 'button', class: 'chip ' + f.kind(name), key: name, onclick: () => ui.go({ state: name, page: '' }) }, `${f.state(name)} ${f.number(count)}`))),
      taskTable(ui, found, ui.query.search || ui.query.state
        ? empty('No such task', 'Nothing matches. Ended tasks are remembered for a while only.')
        : empty('No task yet', 'Create an app, or let a framework accept an offer.', link('create', 'Create an app'))),
    ];
  },
};

export const task = {
  title: ui => `Task ${ui.params[1]}`,
  nav: 'tasks',
  async load(ui) {
    const [framework_id, task_id] = ui.params;
    const found = await get('cluster/finback/tasks' + query({ framework_id, task_id, limit: 1 }));
    if (!found.tasks.length) throw Object.assign(new Error('no such task'), { status: 404 });
    return { task: found.tasks[0], host: found.hosts[found.tasks[0].slave_id] };
  },
  render({ task, host }) {
    const latest = last(task);
    const app = task.framework_id === 'finback-services' ? '/' + task.id.split('.')[0].replaceAll('_', '/') : null;
    return [
      heading([task.name || task.id, ' ', badge(task.state), latest.healthy === undefined ? null : [' ', badge(latest.healthy ? 'HEALTHY' : 'UNHEALTHY')]], `Task ${task.id}`),
      taskTabs(task, 'task'),
      facts([
        ['Framework', link('frameworks/' + at(task.framework_id), task.framework_id)], ['App', app ? link('apps/' + at(app), app) : null],
        ['Host', link('agents/' + at(task.slave_id), host ?? task.slave_id)], ['Role', task.role], ['User', task.user],
        ['Resources', f.resources(task.resources)],
        ['Limits', task.limits ? Object.entries(task.limits).map(([name, value]) => `${name} ${value}`).join(', ') : ''],
        ['Executor', task.executor_id], ['Container', latest.container_status?.container_id?.value ?? containerOf(task)], ['Process', latest.container_status?.executor_pid],
        ['Labels', task.labels.map(label => h('span', { class: 'tag', key: label.key }, `${label.key}: ${label.value}`))],
      ]),
      section('History', h('ol', { class: 'history' }, [...task.statuses].reverse().map((status, i) => h('li', { key: `${status.timestamp}-${status.state}-${i}` },
        badge(status.state), ' ', h('span', { title: f.clock(status.timestamp) }, f.clock(status.timestamp)), ' ', muted(f.ago(status.timestamp)),
        status.healthy === undefined ? null : [' ', badge(status.healthy ? 'HEALTHY' : 'UNHEALTHY')],
        h('div', null, status.message ?? '', ' ', muted([status.reason, status.source].filter(Boolean).map(each => f.state(each.replace(/^(REASON|SOURCE)_/, ''))).join(' · '))))))),
      task.container ? section('Container', json(task.container)) : null,
      task.health_check ? section('Health check', json(task.health_check)) : null,
      task.discovery ? section('Discovery', json(task.discovery)) : null,
      ENDED.includes(task.state) ? h('p', { class: 'muted' }, 'It has ended; its sandbox is kept for a while.') : null,
    ];
  },
};

const containerOf = task => task.statuses.map(status => status.container_status?.container_id?.value).filter(Boolean).pop();
export const json = value => h('pre', { class: 'code', tabindex: '0' }, JSON.stringify(value, null, 2));

/** The same over a task's own page, its files and its logs. */
export function taskTabs(task, chosen) {
  const base = `#/agents/${at(task.slave_id)}`;
  const ref = `${task.framework_id} ${task.id}`;
  const file = name => `${base}/log` + query({ path: `${files(task)}/${name}`, task: ref });
  return tabs(chosen, [['task', '#/' + to(task), 'Task'], ['stdout', file('stdout'), 'stdout'], ['stderr', file('stderr'), 'stderr'],
    ['browse', `${base}/browse` + query({ path: files(task), task: ref }), 'Sandbox']]);
}
