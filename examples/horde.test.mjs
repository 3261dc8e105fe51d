// The shop's decisions, without a page: node --test examples/horde.test.mjs

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const source = await readFile(new URL('horde/shop.js', import.meta.url), 'utf8');
const shop = await import(`data:text/javascript,${encodeURIComponent(source)}`);

/** A ledger in memory that does what the real one promises; `before` runs before each submit. */
function ledger(values, before = () => {}) {
  const rows = new Map(Object.entries(values).map(([key, value]) => [key, { value, version: 1 }]));
  let version = 1;
  const write = (puts) => {
    version += 1;
    for (const { key, value } of puts) rows.set(key, { value, version });
  };
  const fetch = async (path, options) => {
    const answer = (body) => ({ ok: true, json: async () => body });
    if (!options.body) {
      const entries = [...rows].map(([key, row]) => ({ key, ...row, who: 'you', at: 0 }));
      return answer({ entries, next: null });
    }
    assert.equal(options.headers['x-althing'], '1');
    before(write);
    const { needs, puts, id } = JSON.parse(options.body);
    const holds = needs.every((need) => (rows.get(need.key)?.version ?? 0) === need.version);
    if (holds) write(puts);
    return answer({ id, state: holds ? 'done' : 'refused' });
  };
  return { ledger: new shop.Ledger(fetch), rows };
}

test('buying takes one thing and notes one order', async () => {
  const { ledger: it, rows } = ledger({ 'stock/7': '2' });
  const wish = await shop.buy(it, '7', 'a', shop.newId);
  assert.equal(wish.state, 'done');
  assert.equal(rows.get('stock/7').value, '1');
  assert.equal(rows.get('order/a').value, '{"item":"7"}');
});

test('who is not the fastest tries again, and the last one is sold once', async () => {
  let left = 1;
  const { ledger: it, rows } = ledger({ 'stock/7': '2' }, (write) => {
    if (left > 0) write([{ key: 'stock/7', value: '1' }]);
    left -= 1;
  });
  assert.equal((await shop.buy(it, '7', 'a', shop.newId)).state, 'done');
  assert.equal((await shop.buy(it, '7', 'b', shop.newId)).state, 'sold-out');
  assert.equal(rows.get('stock/7').value, '0');
});

test('an order that is there is not made again', async () => {
  const { ledger: it, rows } = ledger({ 'stock/7': '2', 'order/a': '{"item":"7"}' });
  assert.equal((await shop.buy(it, '7', 'a', shop.newId)).state, 'done');
  assert.equal(rows.get('stock/7').value, '2');
});

test('what is no thing of the shop is left out', () => {
  const entry = (key, value) => ({ key, value, version: 1, who: 'x', at: 1 });
  const read = shop.readShop({
    entries: [
      entry('item/1', '{"name":"<img src=x onerror=alert(1)>","price":"1","picture":"javascript:alert(1)"}'),
      entry('item/2', 'no JSON'),
      entry('item/3', '{"name":5,"price":"1"}'),
      entry('item/__proto__', '{"name":"p","price":"1"}'),
      entry('stock/1', '-4'),
      entry('order/1', '[]'),
      entry('other', 'x'),
    ],
  });
  assert.deepEqual([...read.items.keys()], ['1', '__proto__']);
  assert.equal(read.items.get('1').picture, '');
  assert.equal(read.stock.size, 0);
  assert.equal(read.orders.length, 0);
});

test('a name turns no words around it round', () => {
  assert.equal(shop.plain(' \u202ehat\u2066\n '), 'hat');
});

test('pictures are files of this site', () => {
  for (const path of ['https://evil.example/x.png', '//evil/x', '/x.png', '../x.png', 'a/../x.png', 'data:x', '.git/x']) {
    assert.equal(shop.picturePath(path), '', path);
  }
  assert.equal(shop.picturePath('pictures/große hüte.png'), 'pictures/gro%C3%9Fe%20h%C3%BCte.png');
});

test('words say what follows from who is here', () => {
  const keepers = [{ is_here: true }, { is_here: false }, { is_here: false }];
  const state = { keepers, majority: 2, has_majority: false };
  assert.equal(shop.keeperWords(state), '1 of 3 keepers here; nothing is sold until 2 are.');
});

test('a fault of Althing is said in its words', async () => {
  const it = new shop.Ledger(async () => ({ ok: false, status: 409, json: async () => ({ what: 'the ledger is full' }) }));
  await assert.rejects(it.read(), /the ledger is full/);
});
