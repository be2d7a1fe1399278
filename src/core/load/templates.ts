import type { RequestTemplate, StagePlan } from '../../protocol/plan';
import type { WireApi, WireRequest, WireTarget } from '../endpoints/wire';
import { templatePicker } from './windows';

/** Serialised requests kept for reuse; beyond it they are built anew for each request. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

/** The requests of a load stage by index. Each template is serialised once: doing it at the due time would cost lag. */
export class RequestSource {
  private readonly pick: (index: number) => number;
  private readonly kept = new Map<number, WireRequest>();
  private keptBytes = 0;

  constructor(
    private readonly wire: WireApi,
    private readonly target: WireTarget,
    private readonly stage: StagePlan,
    seed: number,
  ) {
    this.pick = templatePicker(stage, seed);
  }

  /** Serialises as many templates as are kept, before the stage starts. */
  prepare(): void {
    for (let i = 0; i < this.stage.requestPool.length && this.keptBytes < MAX_KEPT_BYTES; i++) this.requestOf(i);
  }

  at(index: number): { request: WireRequest; template: RequestTemplate } {
    const position = this.pick(index);
    const template = this.stage.requestPool[position];
    if (template === undefined) throw new RangeError(`stage "${this.stage.name}" has no request to send`);
    return { request: this.requestOf(position), template };
  }

  private requestOf(position: number): WireRequest {
    const known = this.kept.get(position);
    if (known !== undefined) return known;
    const messages = this.stage.requestPool[position]?.messages ?? [];
    const request = this.wire.buildRequest(this.target, messages, { stream: true });
    if (this.keptBytes + request.body.length <= MAX_KEPT_BYTES) {
      this.kept.set(position, request);
      this.keptBytes += request.body.length;
    }
    return request;
  }
}
