// The shop: a page over the ledger of this site. It talks to its own origin only, and shows texts as text.
//
// The first half decides and knows no page, so that a test can run it; the second half is the page.

/** Things that a page shows at most, of each kind. */
const ORDERS_MAX = 200;
/** Pages of the ledger read at most: 100,000 keys. */
const PAGES_MAX = 100;
/** Times that one click tries again when somebody else was faster. */
const TRIES_MAX = 6;
/** How often wishes that wait are looked at, besides when the ledger changes. */
const LOOK_EVERY_MS = 3000;

/** What a keeper refused, in words; and what else went wrong. */
export class Trouble extends Error {}

/** The ledger of this site. `fetch` is the browser's, or a test's. */
export class Ledger {
  constructor(fetch) {
    this.fetch = fetch;
  }

  async ask(path, body) {
    const options = body === undefined
      ? { cache: 'no-store' }
      : {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-althing': '1' },
          body: JSON.stringify(body),
        };
    let answer;
    try {
      answer = await this.fetch(path, options);
    } catch {
      throw new Trouble('Althing does not answer on this computer.');
    }
    const said = await answer.json().catch(() => ({}));
    if (!answer.ok) {
      throw new Trouble(typeof said?.what === 'string' ? said.what : `Althing answered ${answer.status}.`);
    }
    return said;
  }

  /** Reads all keys that begin so; the answer is the last page's, with all entries. */
  async read(prefix = '') {
    const entries = new Map();
    let after = '';
    for (let page = 0; page < PAGES_MAX; page += 1) {
      const query = new URLSearchParams({ prefix, limit: '1000' });
      if (after) query.set('after', after);
      const state = await this.ask(`/.althing/ledger?${query}`);
      for (const entry of state.entries ?? []) entries.set(entry.key, entry);
      if (!state.next || state.next === after) return { ...state, entries: [...entries.values()] };
      after = state.next;
    }
    throw new Trouble('The shop is too large to be shown.');
  }

  submit(transaction) {
    return this.ask('/.althing/ledger', transaction);
  }

  wish(id) {
    return this.ask(`/.althing/ledger/wish?${new URLSearchParams({ id })}`);
  }

  giveUp(id) {
    return this.ask('/.althing/ledger/give-up', { id });
  }
}

/** Makes goods and orders of entries. Anybody may have written them: what is no such thing is left out. */
export function readShop(state) {
  const items = new Map();
  const stock = new Map();
  const orders = [];
  for (const { key, value, version, who, at } of state.entries) {
    const [kind, id] = splitOnce(key);
    if (kind === 'item') {
      const item = asItem(value);
      if (item) items.set(id, { id, version, ...item });
    } else if (kind === 'stock' && /^\d{1,7}$/.test(value)) {
      stock.set(id, { left: Number(value), version });
    } else if (kind === 'order') {
      const order = asObject(value);
      if (order && typeof order.item === 'string') orders.push({ id, item: order.item, who, at });
    }
  }
  orders.sort((a, b) => b.at - a.at || (a.id < b.id ? -1 : 1));
  return { items, stock, orders };
}

function splitOnce(key) {
  const at = key.indexOf('/');
  return at < 0 ? [key, ''] : [key.slice(0, at), key.slice(at + 1)];
}

function asObject(text) {
  try {
    const value = JSON.parse(text);
    return value && typeof value === 'object' && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
}

function asItem(text) {
  const item = asObject(text);
  if (!item || typeof item.name !== 'string' || typeof item.price !== 'string') return null;
  return { name: plain(item.name) || 'a thing without a name', price: plain(item.price), picture: picturePath(item.picture) };
}

/** Leaves out what would turn the words around it round: control characters, and those of writing direction. */
export function plain(text) {
  return String(text).replace(/[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '').trim();
}

/** Sets a text of somebody's apart, so that one in Arabic or Hebrew does not reorder the sentence around it. */
function apart(text) {
  return `\u2068${plain(text)}\u2069`;
}

/** A picture is a file of this site, or none: no scheme, no other host, no way up. */
export function picturePath(path) {
  const isPlain = typeof path === 'string' && /^[\p{L}\p{N} _.-]+(\/[\p{L}\p{N} _.-]+)*$/u.test(path);
  if (!isPlain || path.split('/').some((part) => part.startsWith('.'))) return '';
  return path.split('/').map(encodeURIComponent).join('/');
}

/** One transaction that takes one thing and notes the order, or none when nothing is left. */
export function buying(shop, item, order) {
  const stock = shop.stock.get(item);
  if (!stock || stock.left < 1) return null;
  return {
    needs: [{ key: `stock/${item}`, version: stock.version }, { key: `order/${order}`, version: 0 }],
    puts: [
      { key: `stock/${item}`, value: String(stock.left - 1) },
      { key: `order/${order}`, value: JSON.stringify({ item }) },
    ],
  };
}

/** One transaction that puts something new up for sale. */
export function adding(id, { name, price, picture, count }) {
  const item = { name: name.trim(), price: price.trim() };
  if (picture?.trim()) item.picture = picture.trim();
  return {
    needs: [{ key: `item/${id}`, version: 0 }, { key: `stock/${id}`, version: 0 }],
    puts: [
      { key: `item/${id}`, value: JSON.stringify(item) },
      { key: `stock/${id}`, value: String(Math.max(0, Math.trunc(Number(count)) || 0)) },
    ],
  };
}

/** Buys: reads, tries, and tries again when somebody else was faster. The order's id makes twice impossible. */
export async function buy(ledger, item, order, newId) {
  for (let count = 0; count < TRIES_MAX; count += 1) {
    const shop = readShop(await ledger.read());
    if (shop.orders.some(({ id }) => id === order)) return { state: 'done', id: '' };
    const transaction = buying(shop, item, order);
    if (!transaction) return { state: 'sold-out', id: '' };
    const wish = await ledger.submit({ ...transaction, id: newId() });
    if (wish.state !== 'refused') return wish;
  }
  return { state: 'refused', id: '', why: 'others were faster, again and again' };
}

/** Says how many keepers are here, and what follows. */
export function keeperWords(state) {
  const all = state.keepers.length;
  const here = state.keepers.filter(({ is_here }) => is_here).length;
  const words = `${here} of ${all} ${all === 1 ? 'keeper' : 'keepers'} here`;
  return state.has_majority ? `${words}.` : `${words}; nothing is sold until ${state.majority} are.`;
}

/** 32 random digits. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

// The page.

function start() {
  const ledger = new Ledger((path, options) => fetch(path, options));
  const part = (id) => document.getElementById(id);
  /** What waits: {id, item, order, words}; kept over reloads, since the wish itself is. */
  let waiting = load();
  let shop = readShop({ entries: [] });
  let isLooking = false;
  let isAgain = false;

  function load() {
    try {
      const kept = JSON.parse(localStorage.getItem('waiting') ?? '[]');
      return Array.isArray(kept) ? kept.filter((one) => typeof one?.id === 'string') : [];
    } catch {
      return [];
    }
  }

  function keep() {
    try {
      localStorage.setItem('waiting', JSON.stringify(waiting));
    } catch {
      // Without storage the wishes still go on; only this page forgets them.
    }
  }

  function say(words) {
    part('said').textContent = words;
  }

  function make(name, words, kind) {
    const made = document.createElement(name);
    if (words !== undefined) made.textContent = words;
    if (kind) made.className = kind;
    return made;
  }

  /** Replaces a list's rows, and gives the focus back to where it was. */
  function fill(list, rows) {
    const focused = list.contains(document.activeElement) ? document.activeElement.dataset.id : undefined;
    list.replaceChildren(...rows);
    if (focused !== undefined) {
      [...list.querySelectorAll('button')].find((button) => button.dataset.id === focused)?.focus();
    }
  }

  function showItem(item) {
    const row = make('li');
    if (item.picture) {
      const picture = make('img');
      picture.src = item.picture;
      picture.alt = '';
      picture.addEventListener('error', () => picture.remove());
      row.append(picture);
    }
    const left = shop.stock.get(item.id)?.left ?? 0;
    const button = make('button', left > 0 ? 'Buy' : 'Sold out');
    button.type = 'button';
    button.dataset.id = item.id;
    button.disabled = left < 1;
    button.setAttribute('aria-label', left > 0 ? `Buy ${item.name}` : `${item.name} is sold out`);
    button.addEventListener('click', () => void order(item.id, item.name, newId()));
    row.append(make('h3', item.name), make('p', item.price), make('p', `${left} left`), button);
    return row;
  }

  function showWish(one) {
    const row = make('li');
    const button = make('button', one.isGivenUp ? 'Being given up' : 'Give up', 'plain');
    button.type = 'button';
    button.dataset.id = one.id;
    button.disabled = Boolean(one.isGivenUp);
    button.setAttribute('aria-label', `Give up: ${apart(one.words)}`);
    button.addEventListener('click', () => void giveUp(one));
    row.append(make('p', plain(one.words)), make('p', one.why ?? ''), button);
    return row;
  }

  function showWishes() {
    part('waiting').hidden = waiting.length === 0;
    fill(part('wishes'), waiting.map(showWish));
  }

  async function show() {
    if (isLooking) {
      isAgain = true;
      return;
    }
    isLooking = true;
    try {
      const state = await ledger.read();
      shop = readShop(state);
      part('keepers').textContent = keeperWords(state);
      part('keepers').classList.toggle('is-short', !state.has_majority);
      fill(part('keeper-list'), state.keepers.map(({ who, is_here, is_you }) => {
        const name = is_you ? `${apart(who)} (this computer)` : apart(who);
        return make('li', `${name}: ${is_here ? 'here' : 'away'}`, is_here ? 'is-here' : '');
      }));
      const items = [...shop.items.values()];
      part('no-items').hidden = items.length > 0;
      fill(part('items'), items.map(showItem));
      part('no-orders').hidden = shop.orders.length > 0;
      fill(part('orders'), shop.orders.slice(0, ORDERS_MAX).map(({ item, who, at }) => {
        const name = shop.items.get(item)?.name ?? 'something no longer for sale';
        return make('li', `${apart(name)}, bought by ${apart(who)}, ${new Date(at).toLocaleString()}`);
      }));
      const heard = state.heard_at ? new Date(state.heard_at).toLocaleTimeString() : 'never';
      part('as-of').textContent = `As of slot ${state.slot}, heard at ${heard}.`;
    } catch (trouble) {
      say(trouble.message);
    } finally {
      isLooking = false;
    }
    await look();
    if (isAgain) {
      isAgain = false;
      await show();
    }
  }

  /** Looks how waiting wishes are. */
  async function look() {
    for (const one of [...waiting]) {
      try {
        const wish = await ledger.wish(one.id);
        one.why = wish.why;
        one.isGivenUp = wish.is_given_up;
        if (wish.is_over) {
          waiting = waiting.filter((other) => other !== one);
          keep();
          if (wish.state === 'refused' && one.item !== undefined) {
            say(`${apart(one.words)}: somebody was faster; trying again.`);
            await order(one.item, one.words, one.order);
          } else {
            say(`${apart(one.words)}: ${wish.state === 'given-up' ? 'given up' : wish.state}.`);
          }
        }
      } catch (trouble) {
        one.why = trouble.message;
      }
    }
    showWishes();
  }

  function note(wish, one) {
    if (wish.state === 'waiting') {
      waiting.push({ id: wish.id, why: wish.why, ...one });
      keep();
      say(`${apart(one.words)}: waiting. ${wish.why}.`);
      showWishes();
    } else if (wish.state === 'sold-out') {
      say(`${apart(one.words)}: sold out.`);
    } else {
      say(wish.state === 'done' ? `${apart(one.words)}: done.` : `${apart(one.words)}: not done, ${wish.why}.`);
    }
  }

  async function order(item, words, id) {
    try {
      note(await buy(ledger, item, id, newId), { item, order: id, words });
    } catch (trouble) {
      say(trouble.message);
    }
    void show();
  }

  async function giveUp(one) {
    try {
      const wish = await ledger.giveUp(one.id);
      say(wish.is_over ? `${apart(one.words)}: ${wish.state === 'given-up' ? 'given up' : wish.state}.` : `${apart(one.words)}: ${wish.why}.`);
    } catch (trouble) {
      say(trouble.message);
    }
    await look();
  }

  part('add').addEventListener('submit', async (event) => {
    event.preventDefault();
    const form = event.target;
    const fields = Object.fromEntries(new FormData(form));
    try {
      const wish = await ledger.submit({ ...adding(newId(), fields), id: newId() });
      note(wish, { words: `Adding ${fields.name}` });
      form.reset();
      part('name').focus();
    } catch (trouble) {
      say(trouble.message);
    }
    void show();
  });

  const live = new EventSource('/.althing/live');
  live.addEventListener('ledger', () => void show());
  live.addEventListener('open', () => void show());
  setInterval(() => {
    if (waiting.length > 0) void look();
  }, LOOK_EVERY_MS);
  showWishes();
  void show();
}

if (typeof document !== 'undefined') start();
