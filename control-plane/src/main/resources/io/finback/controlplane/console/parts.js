// What pages are made of.
import { h } from './vdom.js';
import * as f from './format.js';

export const link = (to, ...text) => h('a', { href: '#/' + to }, ...text);
export const at = (...parts) => parts.map(encodeURIComponent).join('/');

/** A link to where a program says it has a page; anything but http and https stays text. */
export function outside(url) {
  return /^https?:\/\//i.test(url ?? '') ? h('a', { href: url, rel: 'noreferrer noopener', target: '_blank' }, url) : url || '–';
}

export const badge = (text, kind = f.kind(text)) => h('span', { class: 'badge ' + kind }, f.state(text));
export const muted = (...text) => h('span', { class: 'muted' }, ...text);
/** In place of what the API does not show to who looks. */
export const hidden = () => h('p', { class: 'muted' }, 'Not shown to you.');
export const when = at => h('time', { title: f.clock(at) }, f.ago(at));
export const id = value => h('span', { class: 'id', title: value }, f.short(value));
export const section = (title, ...body) => h('section', { key: title }, h('h2', null, title), ...body);

export function heading(title, below, ...actions) {
  return h('div', { class: 'heading' },
    h('div', null, h('h1', null, title), below ? h('p', { class: 'muted' }, below) : null),
    actions.length ? h('div', { class: 'actions' }, ...actions) : null);
}

export function button(text, onclick, kind = '') {
  return h('button', { type: 'button', class: kind, onclick }, text);
}

export function facts(pairs) {
  const shown = pairs.filter(pair => pair && pair[1] !== null && pair[1] !== undefined && pair[1] !== '' && pair[1].length !== 0);
  return h('dl', { class: 'facts' }, shown.map(([name, value]) => h('div', { key: name }, h('dt', null, name), h('dd', null, value))));
}

export function empty(title, text, ...actions) {
  return h('div', { class: 'empty' }, h('h2', null, title), text ? h('p', null, text) : null, ...actions);
}

/** What an API refused, with the fields it names. */
export function problem(error) {
  return h('div', { class: 'problem', role: 'alert' },
    h('strong', null, error.message),
    error.status === 401 ? [' ', h('a', { href: 'sign-in' + location.hash }, 'Sign in')] : null,
    error.details?.length ? h('ul', null, error.details.map(each =>
      h('li', null, h('code', null, each.path ?? ''), ' ', (each.errors ?? []).join('; ')))) : null);
}

/** Shares of a whole: taken, then offered, then free. */
export function bar(name, used, offered, total, format) {
  const text = `${format(used)} of ${format(total)}`;
  return h('div', { class: 'usage', key: name },
    h('div', { class: 'line' }, h('span', null, name), h('span', null, text, offered > 0 ? muted(` + ${format(offered)} offered`) : null)),
    h('div', { class: 'bar', role: 'img', 'aria-label': `${name}: ${text}` },
      h('i', { class: 'used', style: { width: f.percent(used, total) + '%' } }),
      h('i', { class: 'offered', style: { width: f.percent(offered, total) + '%' } })));
}

export function bars(total, used, offered = {}) {
  const of = (name, key, format) => total?.[key] > 0 ? bar(name, used?.[key] ?? 0, offered?.[key] ?? 0, total[key], format) : null;
  return h('div', { class: 'bars' },
    of('CPUs', 'cpus', f.cpus), of('Memory', 'mem', f.megabytes), of('Disk', 'disk', f.megabytes), of('GPUs', 'gpus', f.cpus));
}

/** A thin bar in a table's cell. */
export const gauge = (used, total, text) => h('span', { class: 'gauge', title: `${Math.round(f.percent(used, total))} %` },
  h('span', { class: 'bar' }, h('i', { class: 'used', style: { width: f.percent(used, total) + '%' } })), text);

/** Filter text that is part of the page's address. */
export function search(ui, label, name = 'search') {
  return h('input', {
    type: 'search', placeholder: label, 'aria-label': label, value: ui.query[name] ?? '', key: 'find-' + name,
    oninput: event => {
      clearTimeout(ui.state.typing);
      const text = event.target.value;
      ui.state.typing = setTimeout(() => ui.go({ [name]: text, page: '' }), 250);
    },
  });
}

export function choice(ui, name, label, options, chosen = ui.query[name] ?? '') {
  return h('label', { class: 'choice' }, label, ' ',
    h('select', { onchange: event => ui.go({ [name]: event.target.value, page: '' }) },
      options.map(([value, text]) => h('option', { value, selected: value === chosen }, text))));
}

export function tabs(chosen, all) {
  return h('nav', { class: 'tabs', 'aria-label': 'Of this page' },
    all.map(([name, to, text]) => h('a', { href: to, 'aria-current': name === chosen ? 'page' : null }, text)));
}

const PAGE = 100;

/** Rows in pages, sorted by a column if its head is pressed. Columns: name, cell(row); `by(row)` makes it sortable, `num` sets it to
 *  the right, `wide` lets it break. `total` means that the rows are a page of so many already. */
export function table(ui, { columns, rows, key, none, total = null, size = PAGE }) {
  if (rows.length === 0 && !Number(ui.query.page)) return none;
  const [by, down] = (ui.query.sort ?? '').split('.');
  const column = columns.find(each => each.name === by && each.by);
  const sorted = column ? [...rows].sort((a, b) => compare(column.by(a), column.by(b)) * (down ? -1 : 1)) : rows;
  const count = total ?? rows.length;
  const page = Math.min(Number(ui.query.page) || 0, Math.max(0, Math.ceil(count / size) - 1));
  const shown = total === null ? sorted.slice(page * size, (page + 1) * size) : sorted;
  return [
    h('div', { class: 'scroll', key: 'table', tabindex: '0', role: 'group', 'aria-label': 'Table' },
      h('table', null,
        h('thead', null, h('tr', null, columns.map(each => head(ui, each, by === each.name, Boolean(down))))),
        h('tbody', null, shown.map(row => h('tr', { key: key(row) },
          columns.map(each => h('td', { class: style(each) }, each.cell(row)))))))),
    count > size ? pager(ui, page, count, size) : null,
  ];
}

const style = column => [column.num ? 'num' : '', column.wide ? 'wide' : ''].join(' ').trim() || null;
const compare = (a, b) => a === b ? 0 : typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'en', { numeric: true });

function head(ui, column, sorted, down) {
  if (!column.by) return h('th', { scope: 'col', class: style(column) }, column.name);
  const next = sorted ? (down ? '' : column.name + '.down') : column.name;
  return h('th', { scope: 'col', class: style(column), 'aria-sort': sorted ? (down ? 'descending' : 'ascending') : null },
    h('button', { type: 'button', class: 'sort', onclick: () => ui.go({ sort: next, page: '' }) }, column.name, sorted ? (down ? ' ↓' : ' ↑') : ''));
}

function pager(ui, page, count, size) {
  const last = Math.ceil(count / size) - 1;
  const to = (text, where, off) => h('button', { type: 'button', disabled: off, onclick: () => ui.go({ page: where || '' }) }, text);
  return h('div', { class: 'pager', key: 'pager' },
    to('‹ Earlier', page - 1, page === 0),
    muted(`${f.number(page * size + 1)} – ${f.number(Math.min(count, (page + 1) * size))} of ${f.number(count)}`),
    to('Next ›', page + 1, page >= last));
}
