/** What the rows of one file say, looked up by row: a file of ten thousand cases is gone through once, not once for each row. */
import { worst, type ItemState } from '../language/item-state';
import type { NodeStatus } from '../language/line-ends';
import type { Survey, SurveyNode } from '../language/survey';

type Scope = SurveyNode['scope'];

export interface RowState {
  state: ItemState;
  text: string;
}

export class RowStates {
  private readonly nodes = new Map<string, SurveyNode>();
  private readonly inside = new Map<Scope, NodeStatus[]>();

  constructor(
    { cases, stages }: Pick<Survey, 'cases' | 'stages'>,
    readonly statuses: readonly NodeStatus[],
  ) {
    for (const node of [...cases, ...stages]) this.nodes.set(`${node.kind} ${node.id}`, node);
    for (const status of statuses) {
      const { scope } = status.node;
      const known = this.inside.get(scope);
      if (known === undefined) this.inside.set(scope, [status]);
      else known.push(status);
    }
  }

  node(kind: 'case' | 'stage', id: string): SurveyNode | undefined {
    return this.nodes.get(`${kind} ${id}`);
  }

  /** A row stands for what is written inside of it: a stage that ran but missed its SLO is not a pass. */
  state(node: SurveyNode): RowState | null {
    const inside = this.inside.get(node.scope) ?? [];
    const own = inside.find((status) => status.node === node);
    if (inside.length === 0) return null;
    const state = worst(inside.map((status) => status.state));
    if (own?.state === state) return own;
    return inside.find((status) => status !== own && status.state === state) ?? own ?? null;
  }
}
