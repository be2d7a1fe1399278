import assert from 'node:assert/strict';
import type { NodeStatus } from '../../../src/extension/language/line-ends';
import type { ItemState } from '../../../src/extension/language/item-state';
import type { SurveyNode } from '../../../src/extension/language/survey';
import { RowStates } from '../../../src/extension/views/row-states';

const AT = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };

let reads = 0;

/** A node that counts how often somebody asks to which row it belongs. */
function node(kind: SurveyNode['kind'], id: string, scope: SurveyNode['scope']): SurveyNode {
  const base = { kind, id, index: 0, hash: '', pointer: `/${id}`, name: id, range: AT, anchor: AT };
  return {
    ...base,
    get scope() {
      reads++;
      return scope;
    },
  };
}

function status(of: SurveyNode, state: ItemState): NodeStatus {
  return { node: of, state, text: state, placed: [] };
}

describe('the states of the rows of a file', () => {
  const refund = node('case', 'refund', 'case:refund');
  const steady = node('stage', 'steady', 'stage:steady');
  const idle = node('case', 'idle', 'case:idle');

  it('are those of what is written inside of them', () => {
    const assertion = node('assertion', 'contains', 'case:refund');
    const slo = node('slo', 'ttft', 'stage:steady');
    const states = new RowStates({ cases: [refund, idle], stages: [steady] }, [
      status(refund, 'passed'),
      status(assertion, 'passed'),
      status(steady, 'passed'),
      status(slo, 'failed'),
    ]);
    assert.equal(states.node('case', 'refund'), refund);
    assert.equal(states.node('stage', 'refund'), undefined);
    assert.equal(states.state(refund), states.statuses[0]);
    assert.equal(states.state(steady), states.statuses[3]);
    assert.equal(states.state(idle), null);
  });

  it('take as many looks as there are nodes and rows, and not the product of them', () => {
    const many = 10_000;
    const cases = Array.from({ length: many }, (_, index) => node('case', String(index), `case:${index}`));
    const statuses = cases.flatMap((one) => {
      const { scope } = one;
      return [status(one, 'passed'), status(node('assertion', `a${one.id}`, scope), 'failed')];
    });
    reads = 0;
    const states = new RowStates({ cases, stages: [] }, statuses);
    for (const { id } of cases) {
      const found = states.node('case', id);
      assert.equal(found === undefined ? null : states.state(found)?.state, 'failed');
    }
    assert.equal(reads, statuses.length + many);
  });
});
