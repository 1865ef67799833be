// Machines: what they have, what they keep apart, and taking work off them.
import { h } from '../vdom.js';
import { get, getIfAllowed, operate, send, query } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, bars, button, empty, facts, gauge, heading, id, muted, search, section, table, tabs, when, hidden } from '../parts.js';
import { LIVE, taskTable } from './tasks.js';

function standing(agent) {
  if (agent.unreachable_time) return 'UNREACHABLE';
  if (agent.drain_info) return agent.drain_info.state;
  if (agent.deactivated) return 'DEACTIVATED';
  return agent.active ? 'ACTIVE' : 'SILENT';
}

const off = agent => Object.keys(agent.isolators?.off ?? {});
const attributes = agent => Object.entries(agent.attributes).map(([name, value]) => `${name}:${value}`);

export const agents = {
  title: 'Agents',
  load: async () => ({ agents: (await get('cluster/finback/agents')).agents }),
  render(data, ui) {
    const text = (ui.query.search ?? '').toLowerCase();
    const rows = data.agents.filter(agent => !text || [agent.id, agent.hostname, standing(agent), ...attributes(agent)].some(each => each.toLowerCase().includes(text)));
    return [
      heading('Agents', `${f.count(data.agents.length, 'machine')} for tasks`),
      h('div', { class: 'toolbar' }, search(ui, 'Host, id, state or attribute')),
      table(ui, {
        rows, key: agent => agent.id,
        none: data.agents.length ? empty('No such agent', `None of ${f.number(data.agents.length)} matches.`)
          : empty('No agent has joined yet', 'Start one with ./finback agent, and name this master in finback.cluster.seeds.'),
        columns: [
          { name: 'Host', by: agent => agent.hostname, cell: agent => link('agents/' + at(agent.id), agent.hostname) },
          { name: 'Id', cell: agent => id(agent.id) },
          { name: 'State', by: standing, cell: agent => badge(standing(agent)) },
          { name: 'CPUs', num: true, by: agent => f.percent(agent.used_resources.cpus, agent.resources.cpus), cell: agent => gauge(agent.used_resources.cpus, agent.resources.cpus, `${f.cpus(agent.used_resources.cpus)} / ${f.cpus(agent.resources.cpus)}`) },
          { name: 'Memory', num: true, by: agent => f.percent(agent.used_resources.mem, agent.resources.mem), cell: agent => gauge(agent.used_resources.mem, agent.resources.mem, `${f.megabytes(agent.used_resources.mem)} / ${f.megabytes(agent.resources.mem)}`) },
          { name: 'Tasks', num: true, by: agent => agent.TASK_RUNNING, cell: agent => f.number(agent.TASK_RUNNING) },
          { name: 'Isolators off', num: true, by: agent => off(agent).length, cell: agent => agent.isolators ? off(agent).length || muted('none') : muted('unknown') },
          { name: 'Attributes', wide: true, cell: agent => muted(attributes(agent).join(' ')) },
        ],
      }),
    ];
  },
};

export const agent = {
  title: ui => `Agent ${ui.data?.agent.hostname ?? ''}`,
  nav: 'agents',
  async load(ui) {
    const [id] = ui.params;
    const [found, tasks] = await Promise.all([
      get('cluster/finback/agents' + query({ id })),
      getIfAllowed('cluster/finback/tasks' + query({ agent_id: id, state: LIVE, limit: 100, offset: (Number(ui.query.page) || 0) * 100 })),
    ]);
    if (!found.agents.length) throw Object.assign(new Error('no such agent'), { status: 404 });
    return { agent: found.agents[0], tasks };
  },
  render({ agent, tasks }, ui) {
    return [
      heading([agent.hostname, ' ', badge(standing(agent))], `Agent ${agent.id}`, ...actions(agent, ui)),
      tabs('agent', [['agent', '#/agents/' + at(agent.id), 'Agent'], ['log', `#/agents/${at(agent.id)}/log` + query({ path: '/slave/log' }), 'Log'], ['files', `#/agents/${at(agent.id)}/browse`, 'Files']]),
      bars(agent.resources, agent.used_resources, agent.offered_resources),
      facts([
        ['Address', h('code', null, `${agent.hostname}:${agent.port}`)], ['Version', agent.version],
        ['Registered', when(agent.registered_time)], agent.unreachable_time ? ['Unreachable since', when(agent.unreachable_time)] : null,
        ['Region and zone', agent.domain ? `${agent.domain.fault_domain.region.name} / ${agent.domain.fault_domain.zone.name}` : ''],
        ['Attributes', attributes(agent).map(each => h('span', { class: 'tag', key: each }, each))],
        ['Ports', agent.resources.ports ?? ''],
        ['Reserved', Object.entries(agent.reserved_resources).map(([role, amounts]) => h('div', { key: role }, h('strong', null, role), ' ', f.resources(amounts)))],
      ]),
      section('Isolators', isolators(agent)),
      section('Tasks', tasks ? taskTable(ui, tasks, h('p', { class: 'muted' }, 'Nothing runs here.')) : hidden(), h('p', { class: 'more' }, link('tasks?agent=' + at(agent.id), 'With those that have ended'))),
    ];
  },
};

/** What keeps tasks apart on this machine, and what does not and why. */
function isolators(agent) {
  if (!agent.isolators) return h('p', { class: 'muted' }, 'The agent has not said (an earlier version).');
  const on = agent.isolators.on.split(',').filter(Boolean);
  return h('div', { class: 'isolators' },
    h('div', null, h('h3', null, `On (${on.length})`), h('p', null, on.map(name => h('span', { class: 'tag good', key: name }, name)))),
    h('div', null, h('h3', null, `Off (${off(agent).length})`), off(agent).length
      ? h('table', null, h('tbody', null, Object.entries(agent.isolators.off).map(([name, why]) => h('tr', { key: name }, h('td', null, h('span', { class: 'tag bad' }, name)), h('td', { class: 'wide' }, why)))))
      : h('p', { class: 'muted' }, 'None: everything this agent knows is on.')));
}

function actions(agent, ui) {
  const host = agent.hostname;
  const agent_id = { value: agent.id };
  if (agent.unreachable_time) {
    return [button('Mark gone', () => ui.act({
      title: `Mark ${host} gone?`, danger: true, action: 'Mark gone', done: `${host} is marked gone`,
      text: 'For a machine that never comes back: its tasks are declared gone at once. If it speaks again it ends its tasks and must join as a new agent.',
      run: () => operate('MARK_AGENT_GONE', { agent_id }), to: 'agents',
    }), 'danger')];
  }
  const all = [];
  if (agent.drain_info || agent.deactivated) {
    all.push(button('Reactivate', () => ui.act({
      title: `Reactivate ${host}?`, action: 'Reactivate', done: `${host} is offered again`, text: 'Its resources are offered again.',
      run: () => operate('REACTIVATE_AGENT', { agent_id }),
    })));
  } else {
    all.push(button('Deactivate', () => ui.act({
      title: `Deactivate ${host}?`, action: 'Deactivate', done: `${host} is deactivated`, text: 'Nothing of it is offered any more. What runs there goes on.',
      run: () => operate('DEACTIVATE_AGENT', { agent_id }),
    })));
  }
  if (!agent.drain_info) {
    all.push(button('Move services off', () => ui.act({
      title: `Move services off ${host}?`, action: 'Move', done: `Services leave ${host}`,
      text: 'Instances of services are replaced elsewhere first and then ended, as by a rolling restart; runs of jobs may end. Every agent with this host name is meant.',
      fields: [{ name: 'deadlineSeconds', label: 'At the latest after so many seconds, whatever is lost', type: 'number', min: 0, max: 2592000, value: 3600 }],
      run: values => send('POST', 'services/finback/drain', { hosts: [host], deadlineSeconds: Number(values.deadlineSeconds) }), to: 'maintenance',
    })));
    all.push(button('Drain', () => ui.act({
      title: `Drain ${host}?`, danger: true, action: 'Drain', done: `${host} is drained`,
      text: 'Every task on it is killed, those of outside frameworks too, and nothing is offered until it is reactivated.',
      fields: [{ name: 'grace', label: 'Seconds a task has to end by itself', type: 'number', min: 0, max: 86400, value: 60 },
        { name: 'gone', label: 'Mark the agent gone afterwards', type: 'checkbox' }],
      run: values => operate('DRAIN_AGENT', { agent_id, max_grace_period: { nanoseconds: Number(values.grace) * 1e9 }, mark_gone: values.gone }),
    }), 'danger'));
  }
  return all;
}
