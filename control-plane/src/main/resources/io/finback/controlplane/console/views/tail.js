// The end of a file that grows.

const START = 64 * 1024;
const PIECE = 48 * 1024;
const KEPT = 4 * 1024 * 1024;
const PAUSES = [1000, 2000, 5000, 10000];

/** Shows a file's end in an element and what is written to it as it is written, at most the last four million characters. While the
 *  page is hidden nothing is read; afterwards it goes on where it was. `follow(offset, signal)` answers with server-sent events,
 *  `read(offset, length)` with one piece. */
export class Tail {
  constructor({ follow, read, changed }) {
    Object.assign(this, { ask: follow, read, changed, following: true, says: 'Opening …', next: -START, first: null, size: 0, failed: 0 });
    this.seen = () => document.hidden ? this.stop() : this.following && this.start();
    document.addEventListener('visibilitychange', this.seen);
  }

  into(node) {
    this.node = node;
    this.start();
  }

  follow(on) {
    this.following = on;
    if (on) {
      this.toEnd();
      this.start();
    } else {
      this.stop();
      this.say('Stopped');
    }
  }

  close() {
    this.closed = true;
    document.removeEventListener('visibilitychange', this.seen);
    this.stop();
  }

  stop() {
    clearTimeout(this.timer);
    this.running?.abort();
    this.running = null;
  }

  get canEarlier() {
    return this.first > 0;
  }

  async earlier() {
    const from = Math.max(0, this.first - PIECE);
    try {
      const piece = await this.read(from, this.first - from);
      const before = this.node.scrollHeight;
      this.node.prepend(document.createTextNode(piece.data));
      this.node.scrollTop += this.node.scrollHeight - before;
      this.first = from;
      this.changed();
    } catch (error) {
      this.say(error.message);
    }
  }

  async start() {
    if (this.running || this.closed || document.hidden) return;
    const running = this.running = new AbortController();
    try {
      const response = await this.ask(this.next, running.signal);
      this.failed = 0;
      this.say('Following');
      await this.events(response.body.pipeThrough(new TextDecoderStream()).getReader());
      throw new Error('the stream ended');
    } catch (error) {
      if (running.signal.aborted) return;
      this.running = null;
      if (error.status === 404) return this.say('The file is not there (any more)');
      // Asking again would not help, and every refusal is written down.
      if (error.status === 401 || error.status === 403) return this.say(error.message);
      this.say(`${error.message}; trying again`);
      this.timer = setTimeout(() => this.start(), PAUSES[Math.min(this.failed++, PAUSES.length - 1)]);
    }
  }

  async events(reader) {
    let rest = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const events = (rest + value).split('\n\n');
      rest = events.pop();
      for (const event of events) if (event.startsWith('data: ')) this.add(JSON.parse(event.slice(6)));
    }
  }

  add({ data, offset }) {
    this.first ??= offset;
    this.next = offset + new TextEncoder().encode(data).length;
    const node = this.node;
    const atEnd = node.scrollHeight - node.scrollTop - node.clientHeight < 40;
    node.append(document.createTextNode(data));
    this.size += data.length;
    while (this.size > KEPT && node.childNodes.length > 1) {
      this.size -= node.firstChild.length;
      this.first += new TextEncoder().encode(node.firstChild.data).length;
      node.firstChild.remove();
    }
    if (atEnd) this.toEnd();
  }

  toEnd() {
    this.node.scrollTop = this.node.scrollHeight;
  }

  say(text) {
    this.says = text;
    this.changed();
  }
}
