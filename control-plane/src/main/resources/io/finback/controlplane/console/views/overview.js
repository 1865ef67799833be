// What there is, who has it, and what is wrong.
import { h } from '../vdom.js';
import { get, getIfAllowed } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, bar, bars, when, section, heading, empty, hidden, table } from '../parts.js';

const SOON = 14 * 86400000;
const SHOWN = 8;
const SLOW = 17000;

export const overview = {
  title: 'Overview',
  every: 6000,
  async load() {
    const [summary, cluster, roles, queue] = await Promise.all([
      get('cluster/finback/summary'),
      getIfAllowed('cluster/finback/cluster', { maxAge: SLOW }),
      getIfAllowed('cluster/roles', { maxAge: SLOW }),
      // The other half of the master may be starting.
      getIfAllowed('services/finback/queue', { maxAge: SLOW }).catch(() => null),
    ]);
    return { summary, cluster, roles: roles?.roles, queue: queue?.queue };
  },
  render({ summary, cluster, roles, queue }, ui) {
    const found = problems(summary, cluster ?? { members: [] }, queue ?? []);
    return [
      heading('Overview', cluster ? `Cluster ${cluster.name}` : null),
      summary.agents.all === 0 ? empty('No agent has joined yet', 'Start one: ./finback agent --set cluster.seeds=<this master>:25520') : null,
      section('Needs attention', found.length
        ? h('ul', { class: 'problems' }, found.slice(0, SHOWN).map(each => h('li', { class: each.kind, key: each.key }, each.text)),
          found.length > SHOWN ? h('li', { key: 'more' }, `and ${found.length - SHOWN} more`) : null)
        : h('p', { class: 'calm' }, queue ? 'Nothing. Every agent answers and nothing waits.' : 'Nothing. Every agent answers; what waits is not shown.')),
      h('div', { class: 'cards', key: 'cards' },
        card('agents', 'Agents', summary.agents.active, `of ${f.number(summary.agents.all)} active`),
        card('tasks?state=TASK_RUNNING', 'Running tasks', summary.tasks.TASK_RUNNING, `${f.number(summary.tasks.TASK_STAGING + summary.tasks.TASK_STARTING)} starting`),
        card('frameworks', 'Frameworks', summary.frameworks.filter(each => each.active).length, 'connected'),
        queue ? card('queue', 'Waiting', queue.reduce((sum, each) => sum + each.waiting, 0), 'instances') : null,
        card('tasks?state=TASK_FAILED,TASK_ERROR,TASK_LOST,TASK_DROPPED,TASK_GONE', 'Failed lately',
          ['FAILED', 'ERROR', 'LOST', 'DROPPED', 'GONE'].reduce((sum, each) => sum + summary.tasks['TASK_' + each], 0), 'tasks remembered')),
      section('Resources', bars(summary.resources, summary.used_resources, summary.offered_resources)),
      section('By role', roles ? h('div', { class: 'roles' }, roles.filter(role => role.allocated.cpus + role.offered.cpus + role.allocated.mem > 0).map(role => h('div', { class: 'role', key: role.name },
        h('h3', null, link('roles', role.name)),
        bar('CPUs', role.allocated.cpus, role.offered.cpus, summary.resources.cpus, f.cpus),
        bar('Memory', role.allocated.mem, role.offered.mem, summary.resources.mem, f.megabytes))),
      roles.every(role => role.allocated.cpus + role.offered.cpus + role.allocated.mem === 0) ? h('p', { class: 'muted' }, 'No role has anything yet.') : null) : hidden()),
      section('Masters and routers', cluster ? members(cluster, ui) : hidden()),
    ];
  },
};

const card = (to, name, value, below) => h('a', { class: 'card', href: '#/' + to, key: name },
  h('span', null, name), h('strong', null, f.number(value)), h('span', { class: 'muted' }, below));

export function members(cluster, ui, wanted = ['master', 'router']) {
  const shown = cluster.members.filter(member => wanted.some(role => member.roles.includes(role)));
  return table({ ...ui, query: {} }, {
    rows: shown, key: member => member.node, none: h('p', { class: 'muted' }, 'None are members of the cluster.'),
    columns: [
      { name: 'Node', cell: member => h('code', null, member.node) },
      { name: 'Role', cell: member => [member.roles.filter(role => wanted.includes(role)).join(', '), member.oldest ? ' · oldest' : ''] },
      { name: 'State', cell: member => member.reachable ? badge(member.status) : badge('UNREACHABLE') },
      { name: 'Version', cell: member => member.node === cluster.self.node ? [cluster.self.version, ' · this one, started ', when(cluster.self.started)] : '' },
    ],
  });
}

function problems(summary, cluster, queue) {
  const all = [];
  const say = (kind, key, ...text) => all.push({ kind, key, text });
  for (const member of cluster.members) {
    if (!member.reachable) say('bad', member.node, `${member.roles.join(', ')} ${member.node} is cut off from this master.`);
  }
  const named = summary.unreachable_agents;
  for (const agent of named.slice(0, 5)) {
    say('bad', agent.id, link('agents/' + at(agent.id), `Agent ${agent.hostname}`), ' has not answered for ', f.span(Date.now() - f.millis(agent.unreachable_time)), '. Its tasks are unreachable.');
  }
  if (summary.agents.unreachable > 5) say('bad', 'more-agents', link('agents', `${f.number(summary.agents.unreachable)} agents`), ' do not answer.');
  const { all: agents, active, unreachable, deactivated, draining } = summary.agents;
  const silent = agents - active - unreachable - deactivated - draining;
  if (silent > 0) say('busy', 'silent', link('agents?search=silent', f.count(silent, 'agent')), ' silent for seconds: not offered until they answer.');
  if (cluster.certificate_ends) {
    const left = f.millis(cluster.certificate_ends) - Date.now();
    if (left < SOON) say(left < SOON / 4 ? 'bad' : 'busy', 'certificate', left < 0 ? 'The certificate of this master has ended.' : `The certificate of this master ends in ${f.span(left)}.`);
  }
  for (const each of queue) {
    if (each.waiting > 0) say('busy', each.id, link('queue', `${each.id} waits`), ` for ${f.count(each.waiting, 'instance')}: ${each.explanation}`);
  }
  for (const framework of summary.frameworks) {
    if (!framework.active && !framework.torn_down) say('busy', framework.id, link('frameworks/' + at(framework.id), framework.name || framework.id), ' is not connected.');
  }
  if (summary.agents.draining) say('idle', 'draining', link('agents', f.count(summary.agents.draining, 'agent')), ' to be left by all tasks.');
  if (summary.agents.deactivated) say('idle', 'deactivated', link('agents', f.count(summary.agents.deactivated, 'agent')), ' deactivated.');
  return all;
}
