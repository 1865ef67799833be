// Containers that live and die together.
import { h } from '../vdom.js';
import { get, send } from '../api.js';
import * as f from '../format.js';
import { link, at, badge, button, empty, facts, gauge, heading, muted, section, table, when } from '../parts.js';
import { json } from './tasks.js';

const url = id => 'services/v2/pods/' + id.replace(/^\//, '').split('/').map(encodeURIComponent).join('/');
const stable = pod => pod.instances.filter(each => each.status === 'STABLE').length;
const wanted = pod => pod.spec.scaling?.instances ?? 1;

export const pods = {
  title: 'Pods',
  load: async () => ({ pods: await get('services/v2/pods/::status') }),
  render({ pods }, ui) {
    return [
      heading('Pods', f.count(pods.length, 'pod'), h('a', { class: 'button primary', href: '#/create/pod' }, 'Create')),
      table(ui, {
        rows: pods, key: pod => pod.id, none: empty('No pod yet', 'A pod is several containers on one machine that start and end together.', h('a', { class: 'button primary', href: '#/create/pod' }, 'Create the first')),
        columns: [
          { name: 'Name', by: pod => pod.id, wide: true, cell: pod => link('pods/' + at(pod.id), pod.id) },
          { name: 'State', by: pod => pod.status, cell: pod => badge(pod.status) },
          { name: 'Instances', num: true, by: stable, cell: pod => gauge(stable(pod), wanted(pod), `${stable(pod)} / ${wanted(pod)}`) },
          { name: 'Containers', wide: true, cell: pod => pod.spec.containers.map(each => h('span', { class: 'tag', key: each.name }, each.name)) },
          { name: 'Since', cell: pod => when(pod.statusSince) },
        ],
      }),
    ];
  },
};

export const pod = {
  title: ui => `Pod ${ui.params[0]}`,
  nav: 'pods',
  every: 3000,
  load: async ui => ({ pod: await get(url(ui.params[0]) + '::status') }),
  render({ pod }, ui) {
    const ask = what => () => ui.act(what);
    return [
      heading([pod.id, ' ', badge(pod.status)], `${stable(pod)} of ${wanted(pod)} instances are stable`,
        button('Scale', ask({ title: `Scale ${pod.id}?`, action: 'Scale', done: 'It is being scaled', fields: [{ name: 'instances', label: 'Instances', type: 'number', min: 0, value: wanted(pod) }],
          run: values => send('PUT', url(pod.id), { ...pod.spec, scaling: { kind: 'fixed', instances: Number(values.instances) } }) })),
        button('Destroy', ask({ title: `Destroy ${pod.id}?`, text: 'The pod and all its instances are gone for good.', danger: true, action: 'Destroy', done: 'It is being destroyed', run: () => send('DELETE', url(pod.id)), to: 'pods' }), 'danger')),
      facts([['Since', when(pod.statusSince)], ['Message', pod.message], ['Version', pod.spec.version]]),
      section('Instances', pod.instances.length ? pod.instances.map(each => h('section', { class: 'panel', key: each.id },
        h('div', { class: 'heading' }, h('div', null, h('h3', null, each.id, ' ', badge(each.status)), h('p', { class: 'muted' }, each.agentId ? link('agents/' + at(each.agentId), each.agentHostname) : 'not placed', ' · ', f.resources(each.resources))),
          h('div', { class: 'actions' }, button('Kill', ask({ title: `Kill ${each.id}?`, danger: true, action: 'Kill', done: 'It is being killed', run: () => send('DELETE', `${url(pod.id)}::instances/${encodeURIComponent(each.id)}`) }), 'danger small'))),
        table({ ...ui, query: {} }, {
          rows: each.containers ?? [], key: container => container.name, none: muted('No container yet.'),
          columns: [
            { name: 'Container', cell: container => container.containerId ? link('tasks/' + at('finback-services', container.containerId), container.name) : container.name },
            { name: 'State', cell: container => badge(container.status) }, { name: 'Since', cell: container => when(container.statusSince) },
            { name: 'Resources', wide: true, cell: container => f.resources(container.resources) },
          ],
        }))) : h('p', { class: 'muted' }, 'None yet; ', link('queue', 'the queue'), ' says why.')),
      section('Definition', json(pod.spec)),
    ];
  },
};
