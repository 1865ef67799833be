// Traffic of each router of this process: asked every two seconds while the page is seen, and not more often than answers take.
import { ask, el, say } from './page.js';

const EVERY_MS = 2000;
const ROWS = 100;
const POINTS = 90;
const COUNTS = /^rt\/([^/]+)\/(server|service|client)\/(.+)\/(requests|success|failures|connections|connects|retries\/total|failure_accrual\/removals|loadbalancer\/(?:size|available)|request_latency_ms\.(?:p50|p95|p99))$/;

let before = null;
const history = new Map();

/** {router: {server|service|client: {name: {count: value}}}} */
function sorted(metrics) {
  const routers = new Map();
  for (const [key, value] of Object.entries(metrics)) {
    const found = COUNTS.exec(key);
    if (!found) continue;
    const [, router, kind, name, count] = found;
    if (!routers.has(router)) routers.set(router, { server: new Map(), service: new Map(), client: new Map() });
    const names = routers.get(router)[kind];
    if (!names.has(name)) names.set(name, {});
    names.get(name)[count] = value;
  }
  return routers;
}

function rates(now, was, seconds) {
  const since = (count) => Math.max(0, (now[count] ?? 0) - (was?.[count] ?? 0));
  const known = was !== undefined && seconds > 0;
  const requests = known ? since('requests') / seconds : 0;
  const ended = since('success') + since('failures');
  return {
    requests,
    success: known && ended > 0 ? since('success') / ended : null,
    retries: known ? since('retries/total') / seconds : 0,
  };
}

const number = (value) => value === undefined ? '' : value >= 100 ? Math.round(value).toLocaleString('en') : String(Math.round(value * 10) / 10);
const percent = (value) => value === null ? el('span', {}, '–') : el('span', { class: value < 0.99 ? 'bad' : 'good' }, `${(value * 100).toFixed(value > 0.999 && value < 1 ? 3 : 1)} %`);

function table(head, rows) {
  const shown = rows.slice(0, ROWS);
  const body = shown.map((row) => el('tr', {}, row.map((cell) => el('td', {}, cell))));
  if (rows.length > ROWS) body.push(el('tr', {}, el('td', {}, `and ${rows.length - ROWS} more: /admin/metrics.json`)));
  return el('table', {}, el('thead', {}, el('tr', {}, head.map((text) => el('th', { scope: 'col' }, text)))), el('tbody', {}, body));
}

function chart(router, requests, success) {
  const points = history.get(router) ?? [];
  points.push({ requests, fails: success === null ? 0 : requests * (1 - success) });
  if (points.length > POINTS) points.shift();
  history.set(router, points);
  const most = Math.max(1, ...points.map((point) => point.requests));
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', `0 0 ${POINTS - 1} 100`);
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `requests a second, at most ${number(most)}; below, those that failed`);
  for (const [name, of] of [['requests', (point) => point.requests], ['fails', (point) => point.fails]]) {
    const line = document.createElementNS(space, 'polyline');
    line.setAttribute('class', name);
    line.setAttribute('points', points.map((point, at) => `${POINTS - points.length + at},${98 - 96 * of(point) / most}`).join(' '));
    svg.append(line);
  }
  return svg;
}

const latencies = (counts) => ['p50', 'p95', 'p99'].map((name) => number(counts[`request_latency_ms.${name}`]));

function show(routers, clients, seconds) {
  const sections = [];
  for (const [router, kinds] of routers) {
    const was = before?.routers.get(router);
    const of = (kind) => [...kinds[kind]].map(([name, counts]) => ({ name, counts, rate: rates(counts, was?.[kind].get(name), seconds) }))
      .sort((a, b) => b.rate.requests - a.rate.requests || (b.counts.requests ?? 0) - (a.counts.requests ?? 0));
    const servers = of('server');
    const requests = servers.reduce((sum, server) => sum + server.rate.requests, 0);
    const good = servers.reduce((sum, server) => sum + server.rate.requests * (server.rate.success ?? 1), 0);
    const success = requests > 0 ? good / requests : null;
    sections.push(el('section', { 'data-router': router },
      el('h2', {}, router, ' ', el('small', {}, `${number(requests)} requests/s, success `, percent(success))),
      chart(router, requests, success),
      el('h3', {}, 'Listeners'),
      table(['address', 'requests/s', 'success', 'requests', 'connections', 'p50 ms', 'p95', 'p99'], servers.map((s) =>
        [s.name.replace('/', ':'), number(s.rate.requests), percent(s.rate.success), number(s.counts.requests), number(s.counts.connections), ...latencies(s.counts)])),
      el('h3', {}, 'Services'),
      table(['name', 'requests/s', 'success', 'requests', 'retries/s', 'p50 ms', 'p95', 'p99'], of('service').map((s) =>
        [el('a', { href: `delegator#${encodeURIComponent(router)}:/${s.name}` }, `/${s.name}`), number(s.rate.requests), percent(s.rate.success), number(s.counts.requests), number(s.rate.retries), ...latencies(s.counts)])),
      el('h3', {}, 'Clients'),
      table(['bound name', 'requests/s', 'success', 'requests', 'instances', 'connections', 'left alone', 'p50 ms', 'p95', 'p99'], of('client').map((c) => {
        const closed = (clients?.[router]?.[`/${c.name}`] ?? []).filter((instance) => !instance.open).map((instance) => instance.address);
        const available = `${number(c.counts['loadbalancer/available'])} of ${number(c.counts['loadbalancer/size'])}`;
        return [`/${c.name}`, number(c.rate.requests), percent(c.rate.success), number(c.counts.requests),
          el('span', { class: closed.length ? 'bad' : '', title: closed.length ? `not called: ${closed.join(', ')}` : '' }, available),
          number(c.counts.connections), number(c.counts['failure_accrual/removals']), ...latencies(c.counts)];
      }))));
  }
  document.getElementById('routers').replaceChildren(...sections);
}

async function round() {
  const begun = performance.now();
  try {
    const [metrics, clients] = await Promise.all([ask('admin/metrics.json?q=rt/'), ask('finback/clients.json').catch(() => null)]);
    const routers = sorted(metrics);
    const seconds = before === null ? 0 : (begun - before.at) / 1000;
    show(routers, clients, seconds);
    before = { routers, at: begun };
    say('rates of the last 2 s, the rest since the start');
  } catch (failure) {
    say(`no answer: ${failure.message}`, true);
  }
  // At most a twentieth of the time is spent asking.
  setTimeout(next, Math.max(EVERY_MS, 20 * (performance.now() - begun)));
}

function next() {
  if (document.hidden) document.addEventListener('visibilitychange', next, { once: true });
  else round();
}

next();
