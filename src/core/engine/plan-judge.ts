/** Judges: the models that grade answers and make embeddings, looked up like targets. */
import type { JudgePlan } from '../../protocol/plan';
import type { NormalAssertion } from '../spec/assertions';
import { needsModel } from '../quality/needs-model';
import type { EndpointRef, EvalSpec } from '../spec/schema';
import type { EndpointBook, ResolvedEndpoint } from './plan-endpoints';
import type { PlanProblems } from './plan-problems';

export class JudgeBook {
  private readonly known = new Map<string, JudgePlan | undefined>();
  private isNeeded = false;
  private ownLookedUp = false;
  private own: JudgePlan | undefined;

  constructor(
    private readonly spec: EvalSpec,
    private readonly endpoints: EndpointBook,
    private readonly problems: PlanProblems,
  ) {}

  /** The judge of the run, where an assertion needs it: one that nobody asks needs no key and no server. */
  get ofRun(): JudgePlan | undefined {
    return this.isNeeded ? this.lookUpOwn() : undefined;
  }

  /** The judge that the assertion names; a warning where it needs one and there is none. */
  ofAssertion({ type, judge, skip }: NormalAssertion, pointer: string): JudgePlan | undefined {
    if (skip !== undefined) return undefined;
    if (judge !== undefined) return this.resolve(judge, `${pointer}/judge`);
    if (!needsModel({ type })) return undefined;
    this.isNeeded = true;
    // One that is written and unusable has been reported where it is written.
    if (this.lookUpOwn() !== undefined || this.isWritten()) return undefined;
    const what = type === 'similar' ? 'an endpoint that makes embeddings' : 'a model that grades';
    this.problems.at(
      'no-judge',
      `"${type}" needs ${what}, and there is none: name an endpoint with "judge" in this file or in the defaults of promptrig.yaml. Without one it is an error of each answer.`,
      pointer,
      { severity: 'warning' },
    );
    return undefined;
  }

  private isWritten(): boolean {
    return (
      this.problems.document.rangeOf('/judge', 'key') !== undefined || this.endpoints.defaultJudgeName !== undefined
    );
  }

  private lookUpOwn(): JudgePlan | undefined {
    if (this.ownLookedUp) return this.own;
    this.ownLookedUp = true;
    const { judge } = this.spec;
    this.own = judge === undefined ? planOf(this.endpoints.defaultJudge()) : this.resolve(judge, '/judge');
    return this.own;
  }

  private resolve(reference: EndpointRef, pointer: string): JudgePlan | undefined {
    if (typeof reference !== 'string') return planOf(this.endpoints.resolve(reference, pointer));
    if (!this.known.has(reference)) this.known.set(reference, planOf(this.endpoints.resolve(reference, pointer)));
    return this.known.get(reference);
  }
}

function planOf(endpoint: ResolvedEndpoint | undefined): JudgePlan | undefined {
  return endpoint === undefined ? undefined : { endpoint: endpoint.plan, params: endpoint.params };
}
