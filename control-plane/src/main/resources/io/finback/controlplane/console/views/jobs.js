// Work that ends: schedules and runs.
import { h } from '../vdom.js';
import { get, getIfAllowed, send, path, query } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, button, empty, facts, heading, muted, search, section, table, when } from '../parts.js';
import { json } from './tasks.js';

const JOBS = 'services/v1/scheduler';
const url = name => path(`${JOBS}/job`, name);

function last(job) {
  const [good, bad] = [Date.parse(job.lastSuccess) || 0, Date.parse(job.lastError) || 0];
  return good || bad ? (bad > good ? 'FAILED' : 'SUCCEEDED') : 'IDLE';
}

const due = job => job.parents?.length ? ['after ', job.parents.map((name, i) => [i ? ', ' : '', link('jobs/' + at(name), name)])] : h('code', null, job.cron || job.schedule || 'once');

export const jobs = {
  title: 'Jobs',
  load: async () => ({ jobs: await get(`${JOBS}/jobs`), states: (await getIfAllowed(`${JOBS}/jobs/summary`, { maxAge: 9000 }))?.jobs ?? [] }),
  render({ jobs, states }, ui) {
    const state = new Map(states.map(each => [each.name, each.state]));
    const text = (ui.query.search ?? '').toLowerCase();
    const rows = jobs.filter(job => !text || [job.name, job.command, job.owner].some(each => each?.toLowerCase().includes(text)));
    return [
      heading('Jobs', f.count(jobs.length, 'job'), h('a', { class: 'button primary', href: '#/create/job' }, 'Create')),
      h('div', { class: 'toolbar' }, search(ui, 'Name, command or owner')),
      table(ui, {
        rows, key: job => job.name,
        none: jobs.length ? empty('No such job', 'None matches.') : empty('No job yet', 'A job is work that ends: every night, or after another one.', h('a', { class: 'button primary', href: '#/create/job' }, 'Create the first')),
        columns: [
          { name: 'Name', by: job => job.name, wide: true, cell: job => link('jobs/' + at(job.name), job.name) },
          { name: 'Now', by: job => state.get(job.name) ?? '', cell: job => job.disabled ? badge('DISABLED') : f.state(state.get(job.name) ?? '') },
          { name: 'Last', by: last, cell: job => badge(last(job)) },
          { name: 'Due', cell: due },
          { name: 'Next', by: job => job.next ?? '', cell: job => job.next ? when(job.next) : muted('–') },
          { name: 'Succeeded', num: true, by: job => job.successCount, cell: job => f.number(job.successCount) },
          { name: 'Failed', num: true, by: job => job.errorCount, cell: job => f.number(job.errorCount) },
        ],
      }),
    ];
  },
};

export const job = {
  title: ui => `Job ${ui.params[0]}`,
  nav: 'jobs',
  every: 6000,
  async load(ui) {
    const [name] = ui.params;
    // An unknown one is a 400 there, as it was in Chronos.
    const missing = error => Promise.reject(error.status === 400 ? Object.assign(error, { status: 404 }) : error);
    const [job, history] = await Promise.all([get(url(name)).catch(missing), get(url(name) + '/history').catch(missing)]);
    return { job: Array.isArray(job) ? job[0] : job, history };
  },
  render({ job, history }, ui) {
    const ask = what => () => ui.act(what);
    return [
      heading([job.name, ' ', badge(job.disabled ? 'DISABLED' : last(job))], job.description || null,
        button('Run now', ask({ title: `Run ${job.name} now?`, action: 'Run', done: 'One more run is due', fields: [{ name: 'arguments', label: 'Arguments, if any', type: 'text', required: false }], run: values => send('PUT', url(job.name) + query({ arguments: values.arguments })) }), 'primary'),
        history.open.length ? button('Kill', ask({ title: `Kill what runs of ${job.name}?`, action: 'Kill', danger: true, done: 'It is being killed', run: () => send('DELETE', path(`${JOBS}/task/kill`, job.name)) }), 'danger') : null,
        button('Delete', ask({ title: `Delete ${job.name}?`, text: 'Its runs are killed. Jobs that follow it take its schedule, or its parents.', danger: true, action: 'Delete', done: `${job.name} is deleted`, run: () => send('DELETE', url(job.name)), to: 'jobs' }), 'danger')),
      facts([['Command', h('code', null, job.command)], ['Due', due(job)], ['Time zone', job.scheduleTimeZone], ['Next', job.next ? when(job.next) : null], ['Owner', job.owner],
        ['Retries', job.retries], ['Overlap', job.overlap], ['When late', job.catchUp], ['Each run', f.resources(job)], ['Succeeded', job.successCount], ['Failed', job.errorCount]]),
      section('Open', runs(ui, history.open, 'Nothing runs or waits.')),
      section('History', runs(ui, history.history, 'It has not run yet.')),
      section('Definition', json(job)),
    ];
  },
};

function runs(ui, list, none) {
  return table({ ...ui, query: {} }, {
    rows: list, key: run => `${run.nominal} ${run.attempt} ${run.taskId ?? ''}`, none: h('p', { class: 'muted' }, none),
    columns: [
      { name: 'Due', cell: run => h('span', { title: run.nominal }, f.clock(run.nominal)) },
      { name: 'Outcome', cell: run => badge(run.outcome ?? run.state ?? run.phase ?? 'OPEN') },
      { name: 'Attempt', num: true, cell: run => (run.attempt ?? 0) + 1 },
      { name: 'Started', cell: run => run.startedAt ? when(run.startedAt) : muted('–') },
      { name: 'Took', num: true, cell: run => run.startedAt && run.endedAt ? f.span(Date.parse(run.endedAt) - Date.parse(run.startedAt)) : '' },
      { name: 'Message', wide: true, cell: run => run.message ?? '' },
      { name: '', cell: run => run.taskId && run.startedAt ? link('tasks/' + at('finback-jobs', run.taskId), 'Task') : '' },
    ],
  });
}
