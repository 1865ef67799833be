// One app: its instances, what it is, what it was.
import { h } from '../vdom.js';
import { get, getIfAllowed, send, query } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, button, empty, facts, heading, muted, section, table, tabs, when } from '../parts.js';
import { standing, parent, crumbs } from './apps.js';
import { json } from './tasks.js';
import { changes } from './diff.js';
import { why } from './deployments.js';

const EMBED = '?embed=app.counts&embed=app.tasks&embed=app.lastTaskFailure&embed=app.deployments&embed=app.taskStats';

/** An app's own path in the API; every part of an id is plain there. */
export const url = id => 'services/v2/apps/' + id.replace(/^\//, '').split('/').map(encodeURIComponent).join('/');

export const app = {
  title: ui => ui.params[0],
  nav: 'apps',
  every: 4000,
  async load(ui) {
    const [id] = ui.params;
    const { app } = await get(url(id) + EMBED);
    const waits = app.tasksRunning + app.tasksStaged < app.instances;
    const data = { app, queue: waits ? await getIfAllowed('services/finback/queue' + id) ?? { waiting: 0 } : { waiting: 0 } };
    if (ui.query.tab === 'versions') {
      data.versions = (await get(url(id) + '/versions', { maxAge: 4000 })).versions;
      const [from, to] = [ui.query.from || data.versions[1], ui.query.to || data.versions[0]];
      [data.from, data.to] = await Promise.all([from, to].map(version => version ? get(`${url(id)}/versions/${encodeURIComponent(version)}`, { maxAge: 1e9 }) : null));
    }
    return data;
  },
  render(data, ui) {
    const { app, queue } = data;
    const tab = ui.query.tab ?? 'instances';
    const to = name => `#/apps/${at(app.id)}` + (name === 'instances' ? '' : '?tab=' + name);
    const state = standing(app, new Set(queue.waiting > 0 ? [app.id] : []));
    return [
      h('nav', { class: 'crumbs', 'aria-label': 'Group' }, crumbs(parent(app.id))),
      heading([app.id, ' ', badge(state)], `${f.number(app.tasksRunning)} of ${f.number(app.instances)} instances run`, ...actions(app, ui)),
      app.deployments.map(({ id }) => h('p', { class: 'note', key: id }, 'A deployment is under way: ', link('deployments', id))),
      queue.waiting > 0 ? h('div', { class: 'note', key: 'why' }, why(queue, ui)) : null,
      app.lastTaskFailure ? h('p', { class: 'note bad', key: 'failure' }, 'The last failure: ', h('strong', null, f.state(app.lastTaskFailure.state)), `, ${app.lastTaskFailure.message} `, when(app.lastTaskFailure.timestamp), ' on ', app.lastTaskFailure.host, ', ',
        link('tasks/' + at('finback-services', app.lastTaskFailure.taskId), 'its task')) : null,
      tabs(tab, [['instances', to('instances'), 'Instances'], ['configuration', to('configuration'), 'Configuration'], ['versions', to('versions'), 'Versions']]),
      tab === 'configuration' ? configuration(app) : tab === 'versions' ? versions(data, ui) : instances(app, ui),
    ];
  },
};

function actions(app, ui) {
  const count = app.instances;
  const ask = what => () => ui.act(what);
  return [
    button('Scale', ask({
      title: `Scale ${app.id}?`, action: 'Scale', done: `${app.id} is being scaled`,
      fields: [{ name: 'instances', label: 'Instances', type: 'number', min: 0, value: count }],
      run: values => send('PUT', url(app.id), { instances: Number(values.instances) }),
    })),
    h('a', { class: 'button', href: `#/apps/${at(app.id)}/edit` }, 'Edit'),
    button('Restart', ask({ title: `Restart ${app.id}?`, text: 'Every instance is replaced, as its upgrade strategy says.', action: 'Restart', done: `${app.id} is being restarted`, run: () => send('POST', url(app.id) + '/restart') })),
    count > 0 ? button('Suspend', ask({ title: `Suspend ${app.id}?`, text: 'All its instances end; the app stays, with none.', action: 'Suspend', done: `${app.id} is being suspended`, run: () => send('PUT', url(app.id), { instances: 0 }) })) : null,
    button('Destroy', ask({ title: `Destroy ${app.id}?`, text: `The app, its versions and its ${f.number(count)} instances are gone for good.`, danger: true, action: 'Destroy', done: `${app.id} is being destroyed`, run: () => send('DELETE', url(app.id)), to: 'apps' }), 'danger'),
  ];
}

const health = task => !task.healthCheckResults?.length ? '' : task.healthCheckResults.every(each => each.alive) ? 'HEALTHY' : 'UNHEALTHY';

function instances(app, ui) {
  const file = (task, name) => link(`agents/${at(task.slaveId)}/log` + query({ path: `/frameworks/finback-services/executors/${task.id}/runs/latest/${name}`, task: `finback-services ${task.id}` }), name);
  return table(ui, {
    rows: app.tasks, key: task => task.id,
    none: empty('No instance', app.instances ? 'None has been placed yet; the queue says why.' : 'The app is suspended: scale it to run.', link('queue', 'To the queue')),
    columns: [
      { name: 'Instance', wide: true, cell: task => h('a', { href: '#/tasks/' + at('finback-services', task.id), title: task.id }, f.brief(task.id)) },
      { name: 'State', by: task => task.state, cell: task => badge(task.state) },
      { name: 'Health', by: health, cell: task => health(task) ? badge(health(task)) : muted('–') },
      { name: 'Host', by: task => task.host, cell: task => task.slaveId ? link('agents/' + at(task.slaveId), task.host) : task.host },
      { name: 'Ports', cell: task => (task.ports ?? []).join(', ') },
      { name: 'Started', by: task => task.startedAt ?? '', cell: task => when(task.startedAt ?? task.stagedAt) },
      { name: 'Version', by: task => task.version, cell: task => task.version === app.version ? 'current' : when(task.version) },
      { name: 'Logs', cell: task => task.slaveId ? [file(task, 'stdout'), ' ', file(task, 'stderr')] : '' },
      { name: '', cell: task => button('Kill', () => ui.act({
        title: `Kill ${task.id}?`, danger: true, action: 'Kill', done: 'It is being killed',
        fields: [{ name: 'scale', label: 'and want one instance less', type: 'checkbox' }],
        run: values => send('DELETE', `${url(app.id)}/tasks/${encodeURIComponent(task.id)}` + (values.scale ? '?scale=true' : '')),
      }), 'small') },
    ],
  });
}

const LIVE = ['tasks', 'tasksStaged', 'tasksRunning', 'tasksHealthy', 'tasksUnhealthy', 'deployments', 'lastTaskFailure', 'taskStats', 'versionInfo', 'version'];

/** What was asked for, without what the system adds while it runs. */
export const definition = app => Object.fromEntries(Object.entries(app).filter(([name]) => !LIVE.includes(name)));

function configuration(app) {
  return [
    facts([
      ['Command', app.cmd ? h('code', null, app.cmd) : null], ['Arguments', app.args ? h('code', null, app.args.join(' ')) : null], ['Image', app.container?.docker?.image],
      ['Each instance', f.resources(app)], ['Role', app.role], ['User', app.user],
      ['Constraints', (app.constraints ?? []).map(each => h('span', { class: 'tag' }, each.join(' ')))],
      ['Health checks', (app.healthChecks ?? []).map(each => h('div', null, `${each.protocol} ${each.path ?? each.command?.value ?? ''} every ${each.intervalSeconds} s`))],
      ['Labels', Object.entries(app.labels ?? {}).map(([name, value]) => h('span', { class: 'tag', key: name }, `${name}: ${value}`))],
      ['Last changed', when(app.versionInfo?.lastConfigChangeAt)], ['Last scaled', when(app.versionInfo?.lastScalingAt)],
    ]),
    section('Definition', json(definition(app))),
  ];
}

function versions({ app, versions, from, to }, ui) {
  const pick = (name, chosen) => h('select', { 'aria-label': name, onchange: event => ui.go({ [name]: event.target.value }) }, versions.map(each => h('option', { value: each, selected: each === chosen }, f.clock(each) + (each === app.version ? ' (current)' : ''))));
  return [
    h('div', { class: 'toolbar' }, from ? ['Compare ', pick('from', from.version), ' with ', pick('to', to.version)] : muted('There is one version only.'),
      from && from.version !== app.version ? button('Go back to the first', () => ui.act({
        title: `Back to the version of ${f.clock(from.version)}?`, text: 'It is deployed as a new version.', action: 'Deploy', done: 'It is being deployed',
        run: () => send('PUT', url(app.id), { version: from.version }),
      })) : null),
    from ? changes(definition(from), definition(to)) : section('Definition', json(definition(to ?? app))),
  ];
}
