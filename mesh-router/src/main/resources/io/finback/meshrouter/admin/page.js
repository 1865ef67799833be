// What both pages need: elements made of text alone, and questions to this router.

export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value !== null && value !== undefined && value !== '') node.setAttribute(name, value);
  }
  node.append(...children.flat().filter((child) => child !== null).map((child) => child instanceof Node ? child : String(child)));
  return node;
}

export async function ask(path, body) {
  const answer = await fetch(path, {
    method: body === undefined ? 'GET' : 'POST',
    body: body === undefined ? undefined : JSON.stringify(body),
    headers: body === undefined ? {} : { 'content-type': 'application/json' },
    credentials: 'same-origin',
    cache: 'no-store',
    signal: AbortSignal.timeout(10000),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text.trim() || `status ${answer.status}`);
  return JSON.parse(text);
}

export function say(text, bad) {
  const state = document.getElementById('state');
  state.textContent = text;
  state.className = bad ? 'bad' : '';
}
