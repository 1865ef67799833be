// The public APIs of the master this page came from, below the page's own address: cluster/ is port 5050's, services/ port 8080's.

const TIMEOUT = 15000;
const KEPT = 60;
const REFUSED = 60000;
const TOKEN = 'finback.token';

/** What went wrong: `status` 0 when nothing answered; `details` is what the API says of single fields. */
class ApiError extends Error {
  constructor(status, message, details = []) {
    super(message);
    this.status = status;
    this.details = details;
  }
}

const known = new Map();
const refused = new Map();

/** The token lives as long as this tab. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  set: value => {
    // What somebody else may see and may not.
    known.clear();
    refused.clear();
    if (value) sessionStorage.setItem(TOKEN, value);
    else sessionStorage.removeItem(TOKEN);
  },
};

export function headers(more = {}) {
  const all = { 'X-Finback-Console': '1', Accept: 'application/json', ...more };
  if (token.get()) all.Authorization = 'Bearer ' + token.get();
  return all;
}

/** Reads JSON. What has not changed is the very same object again. `maxAge`: what is younger is not asked for, in milliseconds. */
export async function get(path, { maxAge = 0 } = {}) {
  const was = known.get(path);
  if (was && Date.now() - was.at < maxAge) return was.data;
  const response = await ask(path, { headers: headers(was?.tag ? { 'If-None-Match': was.tag } : {}) });
  if (response.status === 304 && was) {
    was.at = Date.now();
    return was.data;
  }
  const text = await response.text();
  const data = was?.text === text ? was.data : parse(text);
  known.delete(path);
  known.set(path, { tag: response.headers.get('ETag'), text: response.headers.get('ETag') ? null : text, data, at: Date.now() });
  if (known.size > KEPT) known.delete(known.keys().next().value);
  return data;
}

/** As `get`, for what only completes a page: null where it may not be read. That is not asked again for a while, as every refusal is written down. */
export async function getIfAllowed(path, options) {
  if (Date.now() - (refused.get(path) ?? -REFUSED) < REFUSED) return null;
  try {
    return await get(path, options);
  } catch (error) {
    if (error.status !== 403) throw error;
    if (refused.size >= KEPT) refused.clear();
    refused.set(path, Date.now());
    return null;
  }
}

/** What `path` answered last carried this header `ETag`. */
export const tagOf = path => known.get(path)?.tag ?? null;

/** Changes something. The content type is one that no other site's page can send without being allowed to. */
export async function send(method, path, body) {
  const json = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
  const response = await ask(path, { method, ...json, headers: headers({ 'Content-Type': 'application/json' }) });
  const text = await response.text();
  // Whatever is known may have changed by it.
  for (const each of known.values()) each.at = 0;
  return text ? parse(text) : null;
}

/** An operator's call of Mesos' v1 API. */
export const operate = (type, body) => send('POST', 'cluster/api/v1', { type, [type.toLowerCase()]: body });

/** The answer as it comes, for who reads it piece by piece; `signal` ends it. */
export async function stream(path, signal) {
  const response = await fetch(path, { headers: headers({ Accept: '*/*' }), signal, cache: 'no-store' });
  if (!response.ok) throw await failure(response);
  return response;
}

async function ask(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT) });
  } catch (e) {
    throw new ApiError(0, e.name === 'TimeoutError' ? `no answer within ${TIMEOUT / 1000} s` : 'the master does not answer');
  }
  if (!response.ok && response.status !== 304) throw await failure(response);
  return response;
}

async function failure(response) {
  const text = (await response.text().catch(() => '')).trim();
  let message = text || `status ${response.status}`;
  let details = [];
  try {
    const body = JSON.parse(text);
    message = body.message ?? message;
    details = Array.isArray(body.details) ? body.details : [];
  } catch { /* not JSON: the text is the message */ }
  return new ApiError(response.status, message, details);
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A path of parts that may have any characters. */
export const path = (start, ...parts) => start + parts.map(each => '/' + encodeURIComponent(each)).join('');

/** A query of what is not empty. */
export function query(values) {
  const all = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== '' && value !== null && value !== undefined) all.set(name, value);
  const text = all.toString();
  return text ? '?' + text : '';
}
