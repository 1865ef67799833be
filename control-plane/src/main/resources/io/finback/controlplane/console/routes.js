// Addresses: those of Mesos' and Marathon's pages where there is the like, so that old links still lead somewhere.
import { overview } from './views/overview.js';
import { agents, agent } from './views/agents.js';
import { frameworks, framework, offers } from './views/frameworks.js';
import { roles, maintenance } from './views/roles.js';
import { tasks, task } from './views/tasks.js';
import { browse, log } from './views/sandbox.js';
import { apps } from './views/apps.js';
import { app } from './views/app.js';
import { create, edit } from './views/editor.js';
import { deployments, queue } from './views/deployments.js';
import { jobs, job } from './views/jobs.js';
import { pods, pod } from './views/pods.js';
import { mesh } from './views/mesh.js';

export const NAV = [
  ['Cluster', [['', 'Overview'], ['agents', 'Agents'], ['frameworks', 'Frameworks'], ['tasks', 'Tasks'], ['roles', 'Roles'], ['offers', 'Offers'], ['maintenance', 'Maintenance']]],
  ['Services', [['apps', 'Apps'], ['pods', 'Pods'], ['deployments', 'Deployments'], ['queue', 'Queue'], ['jobs', 'Jobs']]],
  ['Mesh', [['mesh', 'Names']]],
];

const nowhere = { title: 'Not there', load: () => Promise.reject(Object.assign(new Error('no such page'), { status: 404 })), render: () => null };

const ROUTES = [
  [/^$/, overview],
  [/^agents$|^slaves$/, agents], [/^(?:agents|slaves)\/([^/]+)$/, agent],
  [/^(?:agents|slaves)\/([^/]+)\/browse$/, browse], [/^agents\/([^/]+)\/log$/, log],
  [/^frameworks$/, frameworks], [/^frameworks\/([^/]+)$/, framework],
  [/^offers$/, offers], [/^roles$/, roles], [/^maintenance$/, maintenance],
  [/^tasks$/, tasks], [/^tasks\/([^/]+)\/([^/]+)$/, task],
  [/^apps$/, apps], [/^apps\/([^/]+)$/, app], [/^apps\/([^/]+)\/edit$/, edit], [/^create(?:\/([^/]+))?$/, create],
  [/^deployments$/, deployments], [/^queue$/, queue],
  [/^jobs$/, jobs], [/^jobs\/([^/]+)$/, job],
  [/^pods$/, pods], [/^pods\/([^/]+)$/, pod],
  [/^mesh$/, mesh],
];

/** The page of an address, and what the address names in it. */
export function find(parts) {
  const path = parts.map(encodeURIComponent).join('/');
  for (const [pattern, view] of ROUTES) {
    const match = pattern.exec(path);
    if (match) return [view, match.slice(1).map(each => each === undefined ? each : decodeURIComponent(each))];
  }
  return [nowhere, []];
}
