// Shares of the cluster, and machines that are to be left.
import { h } from '../vdom.js';
import { get, getIfAllowed, send, path } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, bar, button, empty, heading, muted, section, table, when, hidden } from '../parts.js';

export const roles = {
  title: 'Roles',
  async load() {
    const [all, summary] = await Promise.all([get('cluster/roles'), getIfAllowed('cluster/finback/summary', { maxAge: 9000 })]);
    return { roles: all.roles, total: summary?.resources ?? {} };
  },
  render(data, ui) {
    return [
      heading('Roles', 'Who shares the cluster, with what weight, within what quota'),
      table(ui, {
        rows: data.roles, key: role => role.name, none: empty('No role', 'A role exists as soon as a framework, a weight, a quota or a reservation names it.'),
        columns: [
          { name: 'Role', by: role => role.name, cell: role => h('strong', null, role.name) },
          { name: 'Weight', num: true, by: role => role.weight, cell: role => f.cpus(role.weight) },
          { name: 'CPUs', by: role => role.allocated.cpus, cell: role => bar('', role.allocated.cpus, role.offered.cpus, data.total.cpus, f.cpus) },
          { name: 'Memory', by: role => role.allocated.mem, cell: role => bar('', role.allocated.mem, role.offered.mem, data.total.mem, f.megabytes) },
          { name: 'Guaranteed', cell: role => amounts(role.quota?.guarantee) },
          { name: 'At most', cell: role => amounts(role.quota?.limit) },
          { name: 'Reserved', cell: role => role.reserved.cpus || role.reserved.mem ? f.resources(role.reserved) : muted('–') },
          { name: 'Frameworks', wide: true, cell: role => role.frameworks.map(id => [link('frameworks/' + at(id), f.short(id)), ' ']) },
        ],
      }),
    ];
  },
};

const amounts = of => of && Object.keys(of).length
  ? Object.entries(of).map(([name, value]) => name === 'mem' || name === 'disk' ? `${name} ${f.megabytes(value)}` : `${name} ${f.cpus(value)}`).join(', ')
  : muted('–');

export const maintenance = {
  title: 'Maintenance',
  async load() {
    const [schedule, status, drains] = await Promise.all([getIfAllowed('cluster/maintenance/schedule', { maxAge: 9000 }), getIfAllowed('cluster/maintenance/status', { maxAge: 9000 }), getIfAllowed('services/finback/drain')]);
    return { schedule, status: status ?? {}, drains: drains?.hosts };
  },
  render({ schedule, status, drains }, ui) {
    const windows = schedule?.windows ?? [];
    const machines = [...(status.draining_machines ?? []).map(each => ({ ...each.id, mode: 'DRAINING' })), ...(status.down_machines ?? []).map(each => ({ ...(each.id ?? each), mode: 'DOWN' }))];
    return [
      heading('Maintenance', 'Hosts that services leave, and windows in which machines are away'),
      section('Hosts that services leave', drains ? table({ ...ui, query: {} }, {
        rows: drains, key: drain => drain.host, none: h('p', { class: 'muted' }, 'None. On an agent’s page: Move services off.'),
        columns: [
          { name: 'Host', cell: drain => h('strong', null, drain.host) },
          { name: 'State', cell: drain => badge(drain.state) },
          { name: 'Deadline', cell: drain => when(drain.deadline) },
          { name: 'Left', wide: true, cell: drain => left(drain) },
          { name: '', cell: drain => button('End', () => ui.act({ title: `End the drain of ${drain.host}?`, text: 'Services may be placed there again.', action: 'End', done: `${drain.host} takes services again`, run: () => send('DELETE', path('services/finback/drain', drain.host)) })) },
        ],
      }) : hidden()),
      section('Windows', windows.length ? h('ul', null, windows.map((each, i) => h('li', { key: i },
        `${f.clock((each.unavailability?.start?.nanoseconds ?? 0) / 1e6)} `, each.unavailability?.duration ? `for ${f.span(each.unavailability.duration.nanoseconds / 1e6)} ` : '',
        (each.machine_ids ?? []).map(machine => h('span', { class: 'tag' }, machine.hostname ?? machine.ip)))))
        : schedule === null ? hidden() : h('p', { class: 'muted' }, 'None is scheduled (POST /maintenance/schedule).')),
      machines.length ? section('Machines', h('ul', null, machines.map(each => h('li', { key: each.hostname ?? each.ip }, each.hostname ?? each.ip, ' ', badge(each.mode))))) : null,
    ];
  },
};

function left(drain) {
  const waiting = [...drain.instances.map(each => [each.task, each.explanation ?? 'is ending']), ...drain.runs.map(each => [`${each.job}: ${each.task}`, each.explanation])];
  return waiting.length ? waiting.slice(0, 20).map(([name, why]) => h('div', { key: name }, name, ' ', muted(why))) : muted('nothing');
}
