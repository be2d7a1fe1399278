/** Entry of the bundle that knows the file format; see `load.ts`. */
import { endpointTestCost, endpointTestPlan } from '../../core/endpoints/test-plan';
import { buildPlan } from '../../core/engine/plan';
import { planOutline } from '../../core/engine/plan-outline';
import { resolveEndpoint } from '../../core/engine/plan-endpoints';
import { addEndpoint, removeEndpoint, setDefaultEndpoint } from '../../core/spec/edit/edit-workspace';
import { fileReferences, referencesTo } from '../../core/spec/file-references';
import { globMatcher } from '../../core/spec/glob-matcher';
import { evalFileWork, parseEvalFile } from '../../core/spec/parse';
import { endpointsInPlace, workspaceEndpoints } from '../../core/spec/workspace-endpoints';

export interface SpecBundle {
  buildPlan: typeof buildPlan;
  planOutline: typeof planOutline;
  fileReferences: typeof fileReferences;
  referencesTo: typeof referencesTo;
  evalFileWork: typeof evalFileWork;
  parseEvalFile: typeof parseEvalFile;
  globMatcher: typeof globMatcher;
  addEndpoint: typeof addEndpoint;
  removeEndpoint: typeof removeEndpoint;
  setDefaultEndpoint: typeof setDefaultEndpoint;
  endpointsInPlace: typeof endpointsInPlace;
  endpointTestCost: typeof endpointTestCost;
  endpointTestPlan: typeof endpointTestPlan;
  resolveEndpoint: typeof resolveEndpoint;
  workspaceEndpoints: typeof workspaceEndpoints;
}

export {
  addEndpoint,
  buildPlan,
  endpointsInPlace,
  endpointTestCost,
  endpointTestPlan,
  evalFileWork,
  fileReferences,
  globMatcher,
  parseEvalFile,
  planOutline,
  referencesTo,
  removeEndpoint,
  resolveEndpoint,
  setDefaultEndpoint,
  workspaceEndpoints,
};
