// What differs between two values, by path.
import { h } from '../vdom.js';

function leaves(value, path, into) {
  if (value !== null && typeof value === 'object' && Object.keys(value).length) {
    for (const [name, inner] of Object.entries(value)) leaves(inner, `${path}/${name}`, into);
  } else into.set(path, JSON.stringify(value));
  return into;
}

/** A table of the paths at which `to` is not as `from`. */
export function changes(from, to) {
  const before = leaves(from, '', new Map());
  const after = leaves(to, '', new Map());
  const paths = [...new Set([...before.keys(), ...after.keys()])].filter(path => before.get(path) !== after.get(path)).sort();
  if (!paths.length) return h('p', { class: 'muted' }, 'They are the same.');
  return h('div', { class: 'scroll' }, h('table', { class: 'diff' },
    h('thead', null, h('tr', null, ['Field', 'Was', 'Is'].map(name => h('th', { scope: 'col' }, name)))),
    h('tbody', null, paths.map(path => h('tr', { key: path },
      h('td', null, h('code', null, path)), h('td', { class: 'wide' }, before.has(path) ? h('del', null, before.get(path)) : ''),
      h('td', { class: 'wide' }, after.has(path) ? h('ins', null, after.get(path)) : ''))))));
}
