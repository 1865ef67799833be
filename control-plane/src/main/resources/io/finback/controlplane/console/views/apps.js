// Groups and apps as a tree: a folder at a time, or everything that matches.
import { h } from '../vdom.js';
import { get, getIfAllowed } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, empty, gauge, heading, muted, search, table, when } from '../parts.js';

const EMBED = 'services/v2/groups?embed=group.groups&embed=group.apps&embed=group.apps.counts&embed=group.pods';

/** One word for an app. `waiting` are the ids of those that wait. */
export function standing(app, waiting = new Set()) {
  if (waiting.has(app.id)) return 'WAITING';
  if (app.deployments?.length) return 'DEPLOYING';
  if (app.instances === 0 && app.tasksRunning === 0) return 'SUSPENDED';
  if (app.tasksUnhealthy > 0) return 'UNHEALTHY';
  return app.tasksRunning >= app.instances ? 'RUNNING' : 'DEGRADED';
}

function all(group, into = []) {
  into.push(...(group.apps ?? []));
  for (const below of group.groups ?? []) all(below, into);
  return into;
}

function folder(group, id) {
  if (group.id === id) return group;
  const next = (group.groups ?? []).find(each => id === each.id || id.startsWith(each.id + '/'));
  return next ? folder(next, id) : null;
}

/** The group an app or a group is in. */
export const parent = id => id.slice(0, id.lastIndexOf('/')) || '/';

export const apps = {
  title: 'Apps',
  load: async () => {
    const [root, queue, deployments] = await Promise.all([get(EMBED), getIfAllowed('services/finback/queue', { maxAge: 9000 }), getIfAllowed('services/v2/deployments', { maxAge: 9000 })]);
    return { root, queue: queue?.queue, deployments };
  },
  render({ root, queue, deployments }, ui) {
    const waiting = new Set((queue ?? []).filter(each => each.waiting > 0).map(each => each.id));
    const busy = new Set((deployments ?? []).flatMap(each => each.affectedApps));
    const stand = app => standing({ ...app, deployments: busy.has(app.id) ? [1] : [] }, waiting);
    const where = ui.query.group || '/';
    const text = (ui.query.search ?? '').toLowerCase();
    const everything = all(root);
    const here = folder(root, where);
    const rows = text
      ? everything.filter(app => [app.id, app.cmd ?? '', stand(app), ...Object.entries(app.labels).map(pair => pair.join(':'))].some(each => each.toLowerCase().includes(text)))
      : [...(here?.groups ?? []).map(group => ({ id: group.id, group: all(group), pods: group.pods?.length ?? 0 })), ...(here?.apps ?? [])];
    const name = row => text ? row.id : row.id.slice(row.id.lastIndexOf('/') + 1);
    return [
      heading('Apps', [f.count(everything.length, 'app'), deployments ? f.count(deployments.length, 'deployment') + ' under way' : 'deployments are not shown to you', queue ? f.number(waiting.size) + ' waiting' : 'what waits is not shown to you'].join(' · '),
        h('a', { class: 'button primary', href: '#/create' }, 'Create')),
      h('div', { class: 'toolbar' }, search(ui, 'Id, command, state or label'),
        text ? null : h('nav', { class: 'crumbs', 'aria-label': 'Group' }, crumbs(where))),
      table(ui, {
        rows, key: row => row.id,
        none: text ? empty('No such app', `None of ${f.number(everything.length)} matches.`)
          : where !== '/' ? empty('This group is empty', null, link('apps', 'To the top'))
            : empty('No app yet', 'An app is a command, or an image, that is kept running in so many instances.', h('a', { class: 'button primary', href: '#/create' }, 'Create the first')),
        columns: [
          { name: 'Name', by: row => row.id, wide: true, cell: row => row.group ? link('apps?group=' + encodeURIComponent(row.id), name(row) + '/') : link('apps/' + at(row.id), name(row)) },
          { name: 'State', by: row => row.group ? '' : stand(row), cell: row => row.group ? muted(f.count(row.group.length, 'app')) : badge(stand(row)) },
          { name: 'Instances', num: true, by: row => sum(row, 'tasksRunning'), cell: row => gauge(sum(row, 'tasksRunning'), sum(row, 'instances'), `${f.number(sum(row, 'tasksRunning'))} / ${f.number(sum(row, 'instances'))}`) },
          { name: 'Unhealthy', num: true, by: row => sum(row, 'tasksUnhealthy'), cell: row => sum(row, 'tasksUnhealthy') || muted('0') },
          { name: 'CPUs', num: true, by: row => total(row, 'cpus'), cell: row => f.cpus(total(row, 'cpus')) },
          { name: 'Memory', num: true, by: row => total(row, 'mem'), cell: row => f.megabytes(total(row, 'mem')) },
          { name: 'Version', by: row => row.version ?? '', cell: row => row.version ? when(row.version) : '' },
        ],
      }),
    ];
  },
};

const sum = (row, name) => row.group ? row.group.reduce((all, app) => all + app[name], 0) : row[name];
const total = (row, name) => (row.group ?? [row]).reduce((all, app) => all + app[name] * app.instances, 0);

export function crumbs(where) {
  const parts = where.split('/').filter(Boolean);
  return [link('apps', 'all'), parts.map((part, i) => [' / ', link('apps?group=' + encodeURIComponent('/' + parts.slice(0, i + 1).join('/')), part)])];
}
