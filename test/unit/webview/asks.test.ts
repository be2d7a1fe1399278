import assert from 'node:assert/strict';
import type { RunPanelToHost } from '../../../src/protocol/run-panel';
import { Asks } from '../../../webview/run/asks';
import { detailOf, points, rowOf } from '../../webview/run-fixture';

const list = points(3);
const quiet = () => new Promise((resolve) => setTimeout(resolve, 120));

function asking() {
  const posted: RunPanelToHost[] = [];
  let drawn = 0;
  const asks = new Asks(
    (message) => posted.push(message),
    () => drawn++,
  );
  return { asks, posted, drawn: () => drawn };
}

describe('run panel: what it asks the extension', () => {
  it('asks for all rows of a moment at once, and for none twice', async () => {
    const { asks, posted, drawn } = asking();
    const ids = list.map(({ request }) => request);
    for (const id of [...ids, ...ids]) assert.equal(asks.row(id), undefined);
    await quiet();
    assert.deepEqual(posted, [{ type: 'rows', ids }]);
    for (const id of ids) asks.row(id);
    await quiet();
    assert.equal(posted.length, 1);
    const [first] = list;
    assert.ok(first);
    asks.receive({ type: 'rows', rows: [rowOf(first)] });
    assert.equal(drawn(), 1);
    assert.equal(asks.row(first.request)?.id, first.request);
    // The others may have been written meanwhile.
    asks.row(ids[1] ?? '');
    await quiet();
    assert.deepEqual(posted[1], { type: 'rows', ids: [ids[1]] });
  });

  it('hands each answer to who asked for it', () => {
    const { asks, posted } = asking();
    const [first, second] = list;
    assert.ok(first && second);
    const got: string[] = [];
    asks.request(first.request, (detail) => got.push('error' in detail ? detail.error : detail.detail.record.id));
    asks.request(second.request, (detail) => got.push('error' in detail ? detail.error : detail.detail.record.id));
    asks.find('sim', 'a', 'x', ({ ids }) => got.push([...ids].join()));
    asks.loadAnswers('sim', 'a', (records) => got.push(`${records.length} answers`));
    asks.answer({ target: 'sim', case: '/cases/0', repeat: 1 }, (answer) => got.push(String(answer)));
    assert.deepEqual(
      posted.map(({ type }) => type),
      ['request', 'request', 'find', 'load-answers', 'answer'],
    );
    asks.receive({ type: 'request', id: second.request, detail: null, error: 'gone' });
    asks.receive({ type: 'request', id: first.request, detail: detailOf(first) });
    asks.receive({ type: 'found', target: 'sim', stage: 'a', text: 'x', ids: ['1', '2'], complete: true });
    asks.receive({ type: 'found', target: 'sim', stage: 'a', text: 'other', ids: ['9'], complete: true });
    asks.receive({ type: 'load-answers', target: 'sim', stage: 'a', records: [] });
    asks.receive({ type: 'answer', target: 'sim', case: '/cases/0', repeat: 0, answer: 'no', reasoning: null });
    asks.receive({ type: 'answer', target: 'sim', case: '/cases/0', repeat: 1, answer: 'yes', reasoning: null });
    assert.deepEqual(got, ['gone', first.request, '1,2', '0 answers', 'yes']);
  });

  it('forgets what belongs to another run', () => {
    const { asks } = asking();
    const [first] = list;
    assert.ok(first);
    asks.receive({ type: 'rows', rows: [rowOf(first)] });
    asks.clear();
    assert.equal(asks.row(first.request), undefined);
  });
});
