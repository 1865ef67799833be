// Pages are described as plain values; this brings the document up to date with them, so that what has the focus, is selected or
// scrolled stays as it is. Text becomes text nodes and nothing else: no value can become markup.

/** One element. Properties: attributes, `on…` handlers, `style` as an object, `key` among its siblings, `ref` told once of the
 *  element, `own`: its children belong to somebody else. Children: elements, text, numbers, lists; null and false are nothing. */
export function h(tag, props, ...children) {
  const own = props || {};
  return { tag, props: own, key: own.key ?? null, children: flat(children, []) };
}

function flat(list, into) {
  for (const item of list) {
    if (Array.isArray(item)) flat(item, into);
    else if (item !== null && item !== undefined && item !== false && item !== true) into.push(typeof item === 'object' ? item : String(item));
  }
  return into;
}

/** Makes `parent` have exactly these children. */
export function render(parent, ...children) {
  patchChildren(parent, flat(children, []));
}

const described = new WeakMap();

function patchChildren(parent, wanted) {
  const keyed = new Map();
  const loose = [];
  for (const node of parent.childNodes) {
    const was = described.get(node);
    if (was && was.key !== null) keyed.set(was.key, node);
    else loose.push(node);
  }
  let at = parent.firstChild;
  let next = 0;
  for (const want of wanted) {
    let node = null;
    if (typeof want === 'object' && want.key !== null) {
      node = keyed.get(want.key) ?? null;
      if (node && described.get(node).tag !== want.tag) node = null;
      else keyed.delete(want.key);
    } else {
      const found = loose.findIndex((each, i) => i >= next && fits(each, want));
      if (found >= 0) {
        node = loose[found];
        loose.splice(found, 1);
        next = found;
      }
    }
    node = node ? patch(node, want) : create(want);
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
  while (at) {
    const after = at.nextSibling;
    at.remove();
    at = after;
  }
}

function fits(node, want) {
  if (typeof want === 'string') return node.nodeType === Node.TEXT_NODE;
  const was = described.get(node);
  return was !== undefined && was.key === null && was.tag === want.tag;
}

function create(want) {
  if (typeof want === 'string') return document.createTextNode(want);
  const node = document.createElement(want.tag);
  described.set(node, { tag: want.tag, key: want.key, props: {} });
  patch(node, want);
  want.props.ref?.(node);
  return node;
}

function patch(node, want) {
  if (typeof want === 'string') {
    if (node.data !== want) node.data = want;
    return node;
  }
  const was = described.get(node);
  for (const name of Object.keys(was.props)) {
    if (!(name in want.props)) set(node, name, null);
  }
  for (const [name, value] of Object.entries(want.props)) {
    if (name === 'value' || name === 'checked' || was.props[name] !== value) set(node, name, value);
  }
  described.set(node, { tag: want.tag, key: want.key, props: want.props });
  if (!want.props.own) patchChildren(node, want.children);
  return node;
}

function set(node, name, value) {
  if (name === 'key' || name === 'ref' || name === 'own') return;
  if (name.startsWith('on')) node[name] = value ?? null;
  else if (name === 'style') for (const [key, to] of Object.entries(value ?? {})) node.style.setProperty(key, to);
  else if (name === 'value') { if (node.value !== value && document.activeElement !== node) node.value = value ?? ''; }
  else if (name === 'checked' || name === 'indeterminate') node[name] = Boolean(value);
  else if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? '' : String(value));
}
