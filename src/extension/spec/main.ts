/** Entry of the bundle that knows the file format; see `load.ts`. */
import { buildPlan } from '../../core/engine/plan';
import { parseEvalFile } from '../../core/spec/parse';

export interface SpecBundle {
  buildPlan: typeof buildPlan;
  parseEvalFile: typeof parseEvalFile;
}

export { buildPlan, parseEvalFile };
