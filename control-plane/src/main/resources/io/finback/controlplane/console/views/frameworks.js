// Schedulers, and what is offered to them.
import { h } from '../vdom.js';
import { get, getIfAllowed, operate, query } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, button, empty, facts, heading, id, muted, outside, section, table, when, hidden } from '../parts.js';
import { LIVE, taskTable } from './tasks.js';

const BUILT_IN = ['finback-services', 'finback-jobs'];
const standing = framework => framework.torn_down ? 'REMOVED' : framework.active ? 'ACTIVE' : 'DISCONNECTED';

export const frameworks = {
  title: 'Frameworks',
  load: async () => ({ list: (await get('cluster/finback/summary')).frameworks }),
  render({ list }, ui) {
    return [
      heading('Frameworks', 'Schedulers that take offers and launch tasks'),
      table(ui, {
        rows: list, key: framework => framework.id, none: empty('No framework', 'Services and jobs register by themselves as soon as the master is ready.'),
        columns: [
          { name: 'Name', by: framework => framework.name, cell: framework => link('frameworks/' + at(framework.id), framework.name || framework.id) },
          { name: 'Id', cell: framework => id(framework.id) },
          { name: 'State', by: standing, cell: framework => badge(standing(framework), framework.torn_down ? 'idle' : framework.active ? 'good' : 'busy') },
          { name: 'Roles', wide: true, cell: framework => framework.roles.map(role => h('span', { class: 'tag', key: role }, role)) },
          { name: 'Running', num: true, by: framework => framework.TASK_RUNNING, cell: framework => f.number(framework.TASK_RUNNING) },
          { name: 'CPUs', num: true, by: framework => framework.used_resources.cpus, cell: framework => f.cpus(framework.used_resources.cpus) },
          { name: 'Memory', num: true, by: framework => framework.used_resources.mem, cell: framework => f.megabytes(framework.used_resources.mem) },
          { name: 'Offers', num: true, by: framework => framework.offers, cell: framework => f.number(framework.offers) },
          { name: 'Registered', by: framework => framework.registered_time, cell: framework => when(framework.reregistered_time || framework.registered_time) },
        ],
      }),
    ];
  },
};

export const framework = {
  title: ui => `Framework ${ui.data?.framework.name ?? ''}`,
  nav: 'frameworks',
  async load(ui) {
    const [framework_id] = ui.params;
    const [summary, offers, tasks] = await Promise.all([
      get('cluster/finback/summary', { maxAge: 9000 }), getIfAllowed('cluster/finback/offers' + query({ framework_id }), { maxAge: 9000 }),
      getIfAllowed('cluster/finback/tasks' + query({ framework_id, state: LIVE, limit: 100, offset: (Number(ui.query.page) || 0) * 100 || '' }))]);
    const found = summary.frameworks.find(each => each.id === framework_id);
    if (!found) throw Object.assign(new Error('no such framework'), { status: 404 });
    return { framework: found, offers: offers?.offers, tasks };
  },
  render({ framework, offers, tasks }, ui) {
    return [
      heading([framework.name || framework.id, ' ', badge(standing(framework), framework.active ? 'good' : 'idle')], `Framework ${framework.id}`,
        ...(framework.torn_down || BUILT_IN.includes(framework.id) ? [] : [button('Tear down', () => ui.act({
          title: `Tear down ${framework.name}?`, danger: true, action: 'Tear down', done: `${framework.name} is torn down`,
          text: `All its tasks are killed (${f.number(framework.TASK_RUNNING)} run) and its id can never be used again.`,
          run: () => operate('TEARDOWN', { framework_id: { value: framework.id } }), to: 'frameworks',
        }), 'danger')])),
      facts([
        ['User', framework.user], ['Principal', framework.principal], ['Host', framework.hostname], ['Its own page', framework.webui_url ? outside(framework.webui_url) : null],
        ['Roles', framework.roles.map(role => h('span', { class: 'tag', key: role }, role, framework.suppressed_roles.includes(role) ? ' (wants no offers)' : ''))],
        ['Uses', f.resources(framework.used_resources)], ['Is offered', f.resources(framework.offered_resources)],
        ['Registered', when(framework.registered_time)], ['Last connected', framework.reregistered_time ? when(framework.reregistered_time) : null],
        ['Removed', framework.unregistered_time ? when(framework.unregistered_time) : null],
        ['May be away for', framework.failover_timeout ? f.span(framework.failover_timeout * 1000) : 'not at all'],
        ['Capabilities', framework.capabilities.map(name => h('span', { class: 'tag', key: name }, name))],
      ]),
      section(offers ? `Offers (${offers.length})` : 'Offers', offers ? offerTable(ui, offers, false) : hidden()),
      section('Tasks', tasks ? taskTable(ui, tasks, h('p', { class: 'muted' }, 'None of its tasks runs.')) : hidden(), h('p', { class: 'more' }, link('tasks?framework=' + at(framework.id), 'With those that have ended'))),
    ];
  },
};

function offerTable(ui, offers, named = true) {
  return table({ ...ui, query: named ? ui.query : {} }, {
    rows: offers, key: offer => offer.id, none: h('p', { class: 'muted' }, 'No offer stands at this moment; they are answered within moments as a rule.'),
    columns: [
      { name: 'Offer', cell: offer => h('code', null, offer.id) },
      ...(named ? [{ name: 'Framework', by: offer => offer.framework_id, cell: offer => link('frameworks/' + at(offer.framework_id), offer.framework_id) }] : []),
      { name: 'Role', by: offer => offer.allocation_info.role, cell: offer => offer.allocation_info.role },
      { name: 'Agent', by: offer => offer.slave_id, cell: offer => link('agents/' + at(offer.slave_id), f.short(offer.slave_id)) },
      { name: 'CPUs', num: true, by: offer => offer.resources.cpus, cell: offer => f.cpus(offer.resources.cpus) },
      { name: 'Memory', num: true, by: offer => offer.resources.mem, cell: offer => f.megabytes(offer.resources.mem) },
      { name: 'Ports', wide: true, cell: offer => muted(offer.resources.ports ?? '') },
    ],
  });
}

export const offers = {
  title: 'Offers',
  load: async () => ({ offers: (await get('cluster/finback/offers')).offers }),
  render: (data, ui) => [heading('Offers', `${f.number(data.offers.length)} stand`), offerTable(ui, data.offers)],
};
