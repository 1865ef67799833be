// How names lead to instances.
import { h } from '../vdom.js';
import { get, getIfAllowed, tagOf } from '../api.js';
import * as f from '../format.js';
import { choice, empty, heading, muted, section, table, hidden } from '../parts.js';
import { members } from './overview.js';

const DTABS = 'services/api/1/dtabs';
const of = name => `${DTABS}/${encodeURIComponent(name)}`;

/** Versions are numbers in eight bytes, in base64. */
function version(tag) {
  try {
    return [...atob(tag.replaceAll('"', ''))].reduce((number, byte) => number * 256n + BigInt(byte.charCodeAt(0)), 0n).toString();
  } catch {
    return tag ?? '';
  }
}

export const mesh = {
  title: 'Mesh',
  async load(ui) {
    const [names, bound, cluster] = await Promise.all([get(DTABS, { maxAge: 9000 }), getIfAllowed('services/api/1/bound-names', { maxAge: 9000 }), getIfAllowed('cluster/finback/cluster', { maxAge: 9000 })]);
    const name = names.includes(ui.query.dtab) ? ui.query.dtab : names[0];
    return { names, name, dtab: name ? await get(of(name)) : [], bound, cluster };
  },
  render({ names, name, dtab, bound, cluster }, ui) {
    return [
      heading('Mesh', 'Delegation tables, the names that lead somewhere, and routers'),
      section(`Delegation tables (${f.number(names.length)})`, name ? [
        h('div', { class: 'toolbar' }, choice(ui, 'dtab', 'Table', names.map(each => [each, each]), name), muted(`version ${version(tagOf(of(name)) ?? '')}`)),
        table({ ...ui, query: {} }, { rows: dtab, key: rule => rule.prefix + rule.dst, none: muted('It is empty.'), size: 1000,
          columns: [{ name: 'Prefix', cell: rule => h('code', null, rule.prefix) }, { name: 'Leads to', wide: true, cell: rule => h('code', null, rule.dst) }] })]
        : empty('No table', 'Routers use the one of their linkerd.yaml, or the default: /svc leads to apps. Create one with POST /api/1/dtabs/<namespace>.')),
      section(bound ? `Names (${f.number(bound.length)})` : 'Names', bound ? table(ui, {
        rows: bound.map(name => ({ name })), key: row => row.name, none: h('p', { class: 'muted' }, 'No app has an instance that is ready.'),
        columns: [{ name: 'Name', by: row => row.name, wide: true, cell: row => h('code', null, row.name) },
          { name: 'Called as', cell: row => h('code', null, '/svc' + row.name.replace('/#/io.finback', '')) }],
      }) : hidden()),
      section('Routers', cluster ? members(cluster, ui, ['router']) : hidden()),
      muted('Routers that are no members of the cluster are not known to masters.'),
    ];
  },
};
