// The frame around every page: where one is, what is asked for and how often, and how old what is shown is.
import { h, render } from './vdom.js';
import { get, token } from './api.js';
import { empty, problem, button, link } from './parts.js';
import { span } from './format.js';
import { act } from './dialog.js';
import { NAV, find } from './routes.js';

// Of the time at most one part in so many is spent on asking: what is large is asked for less often.
const SHARE = 20;
const PAUSES = [2000, 4000, 8000, 15000];
const IDENTITY = 60000;
const NOT_ALLOWED = 60000;

const top = document.getElementById('top');
const nav = document.getElementById('nav');
const main = document.getElementById('main');

let place = null;
let entered = false;
let timer = 0;

/** Everything about the page that is shown; a new one for each address without its query. */
class Place {
  constructor(path, view, params, query) {
    Object.assign(this, { path, view, params, query, state: {}, data: null, at: 0, failed: 0, error: null, since: 0, closing: [] });
  }

  /** Changes the query in the address, and with it what is shown. */
  go(changes) {
    const query = { ...this.query, ...changes };
    const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== '' && value !== undefined)).toString();
    history.replaceState(null, '', '#/' + this.path + (text ? '?' + text : ''));
    this.query = query;
    this.refresh();
  }

  refresh() {
    draw();
    clearTimeout(timer);
    return poll(this);
  }

  redraw() {
    draw();
  }

  /** Asks first; what changed is seen at once. */
  async act(what) {
    if (await act(what)) {
      if (what.to === undefined) this.refresh();
      else location.hash = '#/' + what.to;
    }
  }

  /** Called when the page is left. */
  onleave(work) {
    this.closing.push(work);
  }
}

/** What a part of the address means; a broken one is no page's. */
function plain(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

function enter() {
  const [path, text = ''] = location.hash.replace(/^#\/?/, '').split('?');
  const query = Object.fromEntries(new URLSearchParams(text));
  if (place && place.path === path) {
    place.query = query;
    place.refresh();
    return;
  }
  place?.closing.forEach(work => work());
  const [view, params] = find(path.split('/').map(plain));
  place = new Place(path, view, params, query);
  if (main.firstChild) main.replaceChildren();
  window.scrollTo(0, 0);
  // Who listens or uses keys goes on at the top of the new page.
  if (entered) main.focus({ preventScroll: true });
  entered = true;
  draw();
  clearTimeout(timer);
  poll(place);
}

async function poll(of) {
  if (document.hidden) return;
  const round = of.round = (of.round ?? 0) + 1;
  const began = Date.now();
  try {
    const data = await of.view.load(of);
    if (of !== place || round !== of.round) return;
    Object.assign(of, { data, at: Date.now(), failed: 0, error: null, since: 0 });
    draw();
  } catch (error) {
    if (of !== place || round !== of.round) return;
    if (!('status' in error)) console.error(error);
    Object.assign(of, { error, failed: of.failed + 1, since: of.since || Date.now() });
    draw();
  }
  clearTimeout(timer);
  // Asking again would not help, and every refusal is written down.
  if (of.error?.status === 401) return;
  const pause = of.error?.status === 403 ? NOT_ALLOWED : of.failed ? PAUSES[Math.min(of.failed, PAUSES.length) - 1] : Math.max(of.view.every ?? 5000, SHARE * (Date.now() - began));
  timer = setTimeout(() => poll(of), pause);
}

let identity = null;

async function identify() {
  if (document.hidden || place.error?.status === 401) return;
  try {
    identity = await get('cluster/finback/cluster', { maxAge: IDENTITY / 2 });
  } catch { /* the page says what is wrong */ }
  frame();
}

function draw() {
  frame();
  const { view, data, error } = place;
  document.title = (typeof view.title === 'function' ? view.title(place) : view.title) + ' · Finback';
  main.setAttribute('aria-busy', String(!data && !error));
  if (error?.status === 401) render(main, signIn(error));
  else if (error && (!data || error.status === 404 || error.status === 403)) render(main, refused(error));
  else if (!data) render(main, h('p', { class: 'loading' }, 'Asking the master …'));
  else {
    try {
      render(main, h('div', { class: 'page', key: place.path }, view.render(data, place)));
    } catch (failure) {
      console.error(failure);
      render(main, empty('This page cannot be shown', String(failure)));
    }
  }
}

function refused(error) {
  if (error.status === 404) return empty('Not there', 'It may have ended or been removed, or the address is wrong.', link('', 'To the overview'));
  if (error.status === 403) return empty('Not allowed', error.message);
  return h('div', { class: 'empty' }, h('h2', null, 'No answer yet'), problem(error), h('p', null, 'Tried again every few seconds.'));
}

function signIn(error) {
  const submit = event => {
    event.preventDefault();
    token.set(event.target.elements.token.value.trim());
    place.refresh().then(identify);
  };
  return h('div', { class: 'empty signin' },
    h('h2', null, 'Who are you?'),
    h('p', null, 'This cluster wants to know who asks.'),
    token.get() ? problem({ message: 'The token was refused: ' + error.message }) : null,
    h('p', null, h('a', { class: 'button primary', href: 'sign-in' + location.hash }, 'Sign in with name and secret')),
    h('form', { onsubmit: submit },
      h('label', { class: 'field' }, 'or with a token', h('input', { name: 'token', type: 'password', autocomplete: 'off', required: true })),
      h('div', { class: 'actions' }, h('button', { type: 'submit' }, 'Use the token')),
      h('p', { class: 'muted' }, 'Kept in this tab until it is closed.')));
}

function frame() {
  const { error, at, since } = place;
  const lost = error && ![401, 403, 404].includes(error.status);
  render(top,
    h('a', { class: 'brand', href: '#/' }, h('img', { src: 'logo.svg', alt: '', width: 26, height: 26 }), 'Finback'),
    identity ? h('span', { class: 'where' }, identity.self.address, h('span', { class: 'muted' }, ' ' + identity.self.version)) : null,
    h('span', { class: 'fill' }),
    identity?.principal ? h('span', { class: 'who' }, identity.principal) : null,
    token.get() ? button('Forget token', () => { token.set(null); identity = null; place.refresh().then(identify); }) : null,
    h('span', { class: 'live ' + (lost ? 'bad' : at && !error ? 'good' : 'busy'), role: 'status' },
      lost ? `No answer for ${span(Date.now() - since)}` : error ? 'Not shown' : at ? 'Live' : 'Connecting'));
  const { nav: named } = place.view;
  const section = (typeof named === 'function' ? named(place) : named) ?? place.path.split('/')[0];
  render(nav, NAV.map(([group, items]) => h('div', { class: 'group', key: group }, h('h2', null, group),
    items.map(([name, text]) => h('a', { href: '#/' + name, 'aria-current': section === name ? 'page' : null }, text)))));
  let banner = document.getElementById('lost');
  if (lost && place.data) {
    if (!banner) {
      banner = Object.assign(document.createElement('div'), { id: 'lost' });
      banner.setAttribute('role', 'alert');
      main.before(banner);
    }
    render(banner, `What is shown is ${span(Date.now() - at)} old: ${error.message}. Trying again.`);
  } else banner?.remove();
}

addEventListener('hashchange', enter);
// The address says which page it is, so it cannot say where on the page one is.
document.querySelector('.skip').onclick = event => {
  event.preventDefault();
  main.focus();
};
document.addEventListener('visibilitychange', () => {
  if (document.hidden) clearTimeout(timer);
  else { place.refresh(); identify(); }
});
// Keys as in many consoles: / searches, g and a letter goes somewhere.
let prefix = 0;
addEventListener('keydown', event => {
  if (event.target.closest('input, textarea, select, dialog') || event.ctrlKey || event.metaKey || event.altKey) return;
  const find = event.key === '/' ? main.querySelector('input[type=search]') : null;
  if (find) {
    event.preventDefault();
    find.focus();
  } else if (event.key === 'g') prefix = Date.now();
  else if (Date.now() - prefix < 1500) {
    prefix = 0;
    const to = { o: '', a: 'agents', f: 'frameworks', t: 'tasks', s: 'apps', d: 'deployments', q: 'queue', j: 'jobs', m: 'mesh' }[event.key];
    if (to !== undefined) location.hash = '#/' + to;
  }
});
setInterval(() => { if (!document.hidden && place.error) frame(); }, 1000);
setInterval(identify, IDENTITY);
enter();
identify();
