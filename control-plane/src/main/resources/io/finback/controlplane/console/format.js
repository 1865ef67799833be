// Values as people read them.

const trim = (value, digits) => String(Number(value.toFixed(digits)));

export const number = value => (value ?? 0).toLocaleString('en');
/** 1 app, 2 apps. */
export const count = (value, what) => `${number(value)} ${what}${value === 1 ? '' : 's'}`;
export const cpus = value => trim(value ?? 0, 2);

/** Megabytes (binary, as the APIs mean them) in the largest unit that fits. */
export function megabytes(value) {
  let size = value ?? 0;
  for (const unit of ['MB', 'GB', 'TB']) {
    if (Math.abs(size) < 1024 || unit === 'TB') return `${trim(size, size < 10 ? 2 : 1)} ${unit}`;
    size /= 1024;
  }
  return '';
}

export const bytes = value => value < 1024 ? `${value} B` : value < 1048576 ? `${trim(value / 1024, 1)} KB` : megabytes(value / 1048576);
export const percent = (part, whole) => whole > 0 ? Math.min(100, 100 * part / whole) : 0;

/** Every resource that there is of, in one line. */
export function resources(of) {
  if (!of) return '';
  const parts = [`${cpus(of.cpus)} cpus`, megabytes(of.mem)];
  if (of.disk) parts.push(`${megabytes(of.disk)} disk`);
  if (of.gpus) parts.push(`${cpus(of.gpus)} gpus`);
  if (of.ports && of.ports !== '[]') parts.push(`ports ${of.ports}`);
  return parts.join(' · ');
}

export function span(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ${Math.floor(seconds % 3600 / 60)} min`;
  return `${Math.floor(seconds / 86400)} days`;
}

/** Seconds since 1970, ISO text or milliseconds, as milliseconds; NaN if there is none. */
export const millis = at => typeof at === 'number' ? (at < 1e11 ? at * 1000 : at) : Date.parse(at ?? '');

export function ago(at) {
  const then = millis(at);
  if (!then) return '–';
  const left = Date.now() - then;
  return left < -1000 ? `in ${span(-left)}` : `${span(left)} ago`;
}

export function clock(at) {
  const then = millis(at);
  return then ? new Date(then).toLocaleString('en-GB', { hour12: false }) : '–';
}

/** TASK_RUNNING is Running. */
export function state(name) {
  const text = String(name ?? '').replace(/^TASK_/, '').replaceAll('_', ' ').toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const KINDS = {
  good: ['RUNNING', 'FINISHED', 'STABLE', 'SUCCEEDED', 'SUCCESS', 'UP', 'DRAINED', 'HEALTHY', 'ACTIVE'],
  busy: ['STAGING', 'STARTING', 'KILLING', 'PENDING', 'DEGRADED', 'JOINING', 'WEAKLYUP', 'LEAVING', 'DRAINING', 'DEPLOYING', 'WAITING'],
  bad: ['FAILED', 'ERROR', 'LOST', 'DROPPED', 'UNREACHABLE', 'GONE', 'GONE BY OPERATOR', 'UNKNOWN', 'FAILURE', 'TERMINAL', 'DOWN', 'UNHEALTHY', 'MISSED'],
};

/** What a state means for the eye: good, busy, bad or nothing. */
export function kind(name) {
  const plain = String(name ?? '').replace(/^TASK_/, '').replaceAll('_', ' ').toUpperCase();
  return Object.keys(KINDS).find(each => KINDS[each].includes(plain)) ?? 'idle';
}

/** A task's id without most of its random end: shop_web.1b4e28ba. */
export const brief = id => id.replace(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '$1');

/** The start of a long id, enough to tell it from others at a glance. */
export const short = id => id && id.length > 13 && /^[0-9a-f]{8}-/.test(id) ? id.slice(0, 8) : id;
