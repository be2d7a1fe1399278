import { endpointsOfPlan } from '../../core/engine/plan-uses';
import type { AssertionPlan, CasePlan, EndpointPlan, JudgePlan, RunPlan } from '../../protocol/plan';

/** The endpoints of a plan that are models of the editor, targets and judges alike. */
export function editorEndpoints(plan: RunPlan): EndpointPlan[] {
  return endpointsOfPlan(plan).filter(({ api }) => api === 'vscode-lm');
}

/** The plan with every model of the editor at the address of a server that speaks OpenAI's chat protocol for it. */
export function withAddress(plan: RunPlan, url: string): RunPlan {
  const endpoint = (item: EndpointPlan): EndpointPlan => (item.api === 'vscode-lm' ? addressed(item, url) : item);
  const judge = (item: JudgePlan): JudgePlan => ({ ...item, endpoint: endpoint(item.endpoint) });
  const assertion = (item: AssertionPlan): AssertionPlan => {
    if (item.judge === undefined && item.members === undefined) return item;
    return {
      ...item,
      ...(item.judge === undefined ? {} : { judge: judge(item.judge) }),
      ...(item.members === undefined ? {} : { members: item.members.map(assertion) }),
    };
  };
  const oneCase = (item: CasePlan): CasePlan => ({
    ...item,
    assertions: item.assertions.map(assertion),
    ...(item.turns === undefined
      ? {}
      : { turns: item.turns.map((turn) => ({ ...turn, assertions: turn.assertions.map(assertion) })) }),
  });
  return {
    ...plan,
    ...(plan.judge === undefined ? {} : { judge: judge(plan.judge) }),
    targets: plan.targets.map((target) => ({
      ...target,
      endpoint: endpoint(target.endpoint),
      cases: target.cases.map(oneCase),
      ...(target.loadCases === undefined ? {} : { loadCases: target.loadCases.map(oneCase) }),
    })),
  };
}

/** Without what would lead past the server: a proxy, and headers, which could replace its token. */
function addressed({ apiKeyEnv: _key, proxy: _proxy, tls: _tls, ...rest }: EndpointPlan, url: string): EndpointPlan {
  return { ...rest, api: 'openai-chat', url, headers: {}, indirect: true };
}
