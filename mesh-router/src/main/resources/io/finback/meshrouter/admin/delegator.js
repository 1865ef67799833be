// Where a name leads, by a router's delegation table or by one that is tried here.
import { ask, el, say } from './page.js';

const router = document.getElementById('router');
const path = document.getElementById('path');
const dtab = document.getElementById('dtab');
const tree = document.getElementById('tree');
let tables = {};

function entry(dentry) {
  return dentry ? el('span', { class: 'kind' }, `by ${dentry.prefix} => ${dentry.dst}`) : null;
}

function addresses(addr) {
  if (!addr) return null;
  const list = addr.addrs ?? [];
  const text = list.slice(0, 20).map((one) => `${one.ip}:${one.port}`).join(' ');
  return el('div', { class: addr.type === 'bound' && list.length ? 'good' : 'bad' },
    addr.type === 'bound' ? (list.length ? text + (list.length > 20 ? ` and ${list.length - 20} more` : '') : 'nobody there') : addr.type);
}

function node(of) {
  const bad = ['neg', 'fail', 'empty', 'exception'].includes(of.type);
  const children = [];
  if (of.bound) children.push(el('div', {}, 'bound to ', el('code', {}, of.bound.id), of.bound.path && of.bound.path !== '/' ? ` rest ${of.bound.path}` : ''), addresses(of.bound.addr));
  if (of.message) children.push(el('div', { class: 'bad' }, of.message));
  for (const key of ['delegate', 'tree']) if (of[key] && typeof of[key] === 'object') children.push(node(of[key]));
  for (const branch of of.alt ?? []) children.push(node(branch));
  for (const branch of of.union ?? []) children.push(el('div', {}, `weight ${branch.weight}`, node(branch.tree)));
  return el('div', { class: 'node', 'data-type': of.type }, el('span', { class: bad ? 'kind bad' : 'kind' }, of.type), el('code', {}, of.path ?? ''), ' ', entry(of.dentry), children);
}

async function look() {
  if (!path.value) return;
  say('asks …');
  try {
    const found = await ask('delegator.json', { namespace: router.value, path: path.value, dtab: dtab.value });
    tree.replaceChildren(node(found));
    say('');
  } catch (failure) {
    tree.replaceChildren();
    say(failure.message, true);
  }
}

function choose() {
  dtab.value = (tables[router.value] ?? '').split(';').map((line) => line.trim()).join(';\n');
}

/** #router:/path */
function fromAddress() {
  const [, label, name] = /^#([^:]*):(\/.*)$/.exec(decodeURIComponent(location.hash)) ?? [];
  if (label !== undefined && label in tables) router.value = label;
  choose();
  if (name) {
    path.value = name;
    look();
  }
}

document.getElementById('ask').addEventListener('submit', (event) => {
  event.preventDefault();
  history.replaceState(null, '', `#${encodeURIComponent(router.value)}:${path.value}`);
  look();
});
router.addEventListener('change', choose);
addEventListener('hashchange', fromAddress);

try {
  const registry = await ask('admin/registry.json');
  tables = Object.fromEntries(Object.entries(registry.registry.routers).map(([label, of]) => [label, of.dtab]));
  router.replaceChildren(...Object.keys(tables).map((label) => el('option', { value: label }, label)));
  fromAddress();
} catch (failure) {
  say(`no answer: ${failure.message}`, true);
}
