// Changes under way, and what waits for a place.
import { h } from '../vdom.js';
import { get, send, path } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, button, empty, heading, muted, table, when } from '../parts.js';

export const deployments = {
  title: 'Deployments',
  every: 3000,
  load: async () => ({ list: await get('services/v2/deployments') }),
  render({ list }, ui) {
    return [
      heading('Deployments', 'Changes of apps and groups, until every instance is as it should be'),
      list.length ? list.map(each => deployment(each, ui)) : empty('Nothing is being deployed', 'Create, change or scale an app, and its deployment is shown here while it lasts.', link('apps', 'To the apps')),
    ];
  },
};

function deployment(each, ui) {
  const url = path('services/v2/deployments', each.id);
  const tell = word => send('POST', `${url}/${word}`);
  const ask = what => () => ui.act(what);
  const affected = [...each.affectedApps, ...(each.affectedPods ?? [])];
  return h('section', { class: 'panel', key: each.id },
    h('div', { class: 'heading' },
      h('div', null, h('h2', null, each.affectedApps.map(id => [link('apps/' + at(id), id), ' ']), (each.affectedPods ?? []).map(id => [link('pods/' + at(id), id), ' '])),
        h('p', { class: 'muted' }, `Step ${each.currentStep} of ${each.totalSteps}, begun `, when(each.version), ' · ', each.id)),
      h('div', { class: 'actions' },
        button('Pause', ask({ title: 'Pause this deployment?', text: 'Nothing more of it begins until it is resumed.', action: 'Pause', done: 'It pauses', run: () => tell('pause') })),
        button('Resume', async () => { await ui.act({ title: 'Resume this deployment?', action: 'Resume', done: 'It goes on', run: () => tell('resume') }); }),
        button('Roll back', ask({ title: `Roll back ${affected.join(', ')}?`, text: 'A new deployment brings back what was before.', danger: true, action: 'Roll back', done: 'It is rolled back', run: () => send('DELETE', url) }), 'danger'),
        button('Stop', ask({ title: 'Stop this deployment?', text: 'Everything stays as it is now, half done.', danger: true, action: 'Stop', done: 'It is stopped', run: () => send('DELETE', url + '?force=true') }), 'danger'))),
    h('div', { class: 'bar', role: 'progressbar', 'aria-valuemin': 0, 'aria-valuemax': each.totalSteps, 'aria-valuenow': each.currentStep, 'aria-label': 'Steps' },
      h('i', { class: 'used', style: { width: f.percent(each.currentStep - 0.5, each.totalSteps) + '%' } })),
    h('ol', { class: 'steps' }, (each.steps ?? []).map((step, i) => h('li', { key: i, class: i + 1 < each.currentStep ? 'done' : i + 1 === each.currentStep ? 'now' : '' },
      step.actions.map(action => `${f.state(action.action.replace(/([a-z])([A-Z])/g, '$1 $2'))} ${action.app ?? action.pod ?? ''}`).join(', ')))));
}

export const queue = {
  title: 'Queue',
  every: 5000,
  load: async () => ({ list: (await get('services/finback/queue')).queue }),
  render({ list }, ui) {
    const waiting = list.filter(each => each.waiting > 0);
    return [
      heading('Queue', 'Instances that have no place yet, and why'),
      waiting.length ? waiting.map(each => h('section', { class: 'panel', key: each.id },
        h('h2', null, link('apps/' + at(each.id), each.id), ' ', badge('WAITING')), why(each, ui)))
        : empty('Nothing waits', 'Every instance that should run has been placed.'),
    ];
  },
};

/** What is known of why one app waits. */
export function why(each, ui) {
  const cycle = each.lastCycle;
  return [
    h('p', null, h('strong', null, `${f.number(each.waiting)} ${each.waiting === 1 ? 'instance waits' : 'instances wait'}`), each.since ? [' since ', when(each.since)] : null, ': ', each.explanation),
    each.note ? h('p', null, each.note) : null,
    each.delay && !each.delay.overdue ? h('p', null, `Delayed for ${f.span(each.delay.timeLeftSeconds * 1000)} after failures. `,
      button('Launch now', () => ui.act({ title: `End the delay of ${each.id}?`, action: 'Launch now', done: 'The delay has ended', run: () => send('DELETE', 'services/v2/queue' + each.id + '/delay') }), 'small')) : null,
    cycle ? [
      h('p', { class: 'counts' }, Object.entries({ ...cycle.rejectedBy, ...cycle.rejectedByConstraint }).map(([name, count]) => h('span', { class: 'chip busy', key: name }, `${name} ${f.number(count)}`)), muted(` of ${f.count(cycle.offers, 'offer')}, looked at `, when(cycle.at))),
      table({ ...ui, query: {} }, {
        rows: cycle.samples ?? [], key: sample => sample.offer, none: null, size: 10,
        columns: [
          { name: 'Agent', cell: sample => link('agents/' + at(sample.agentId), sample.hostname) },
          { name: 'What is missing there', wide: true, cell: sample => sample.missing.map(each => h('div', null, each.detail)) },
          { name: 'It offers', wide: true, cell: sample => muted(sample.resources) },
        ],
      })] : null,
  ];
}
