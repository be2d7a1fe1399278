/** The requests of a load stage by index, written ahead of their time as far as that is possible. */
import type { Message, StagePlan } from '../../protocol/plan';
import type { WireApi, WireRequest, WireTarget } from '../endpoints/wire';
import { PromptSource, type Prompt, type TraceRows } from './prompt-source';

/** Serialised requests of fixed templates that are kept for reuse; beyond it they are built anew for each request. */
const MAX_KEPT_BYTES = 32 * 1024 * 1024;

export interface SourcedRequest {
  request: WireRequest;
  casePointer: string | undefined;
}

export interface RequestSourceOptions {
  wire: WireApi;
  target: WireTarget;
  stage: StagePlan;
  seed: number;
  targetId: string;
  trace?: TraceRows;
}

/**
 * Where requests differ by their template only, each template is serialised once. Else each request is made for its index,
 * before its time where the caller finds the time for it: see `prepare`.
 */
export class RequestSource {
  readonly prompts: PromptSource;
  private readonly kept = new Map<number, WireRequest>();
  private keptBytes = 0;
  private readonly ready = new Map<number, SourcedRequest>();
  private readyByteCount = 0;

  /** @throws PromptrigError `usage` for lengths that make no sense */
  constructor(private readonly options: RequestSourceOptions) {
    const { stage, seed, targetId, trace } = options;
    this.prompts = new PromptSource({ stage, seed, targetId, trace });
  }

  /** Serialises as many fixed templates as are kept, before the stage starts. */
  prepareTemplates(): void {
    if (!this.prompts.isFixed) return;
    const { length } = this.options.stage.requestPool;
    for (let i = 0; i < length && this.keptBytes < MAX_KEPT_BYTES; i++) this.templateRequest(i);
  }

  /** Whether request number `index` can be had without making it. */
  isReady(index: number): boolean {
    return this.prompts.isFixed || this.ready.has(index);
  }

  /** Bytes of requests that were made and not asked for yet. */
  get readyBytes(): number {
    return this.readyByteCount;
  }

  /** Makes request number `index` for when it is due. */
  prepare(index: number): void {
    if (this.isReady(index)) return;
    const made = this.make(index);
    this.ready.set(index, made);
    this.readyByteCount += made.request.body.length;
  }

  at(index: number): SourcedRequest {
    if (this.prompts.isFixed) {
      const position = this.prompts.templateAt(index);
      return {
        request: this.templateRequest(position),
        casePointer: this.options.stage.requestPool[position]?.casePointer,
      };
    }
    const ready = this.ready.get(index);
    if (ready === undefined) return this.make(index);
    this.ready.delete(index);
    this.readyByteCount -= ready.request.body.length;
    return ready;
  }

  /** A request with these messages instead of those of its index: a turn of a session. */
  withMessages(messages: Message[], { maxTokens, casePointer }: Prompt): SourcedRequest {
    return { request: this.build(messages, maxTokens), casePointer };
  }

  private make(index: number): SourcedRequest {
    const { messages, maxTokens, casePointer } = this.prompts.at(index);
    return { request: this.build(messages, maxTokens), casePointer };
  }

  private templateRequest(position: number): WireRequest {
    const known = this.kept.get(position);
    if (known !== undefined) return known;
    const request = this.build(this.options.stage.requestPool[position]?.messages ?? [], null);
    if (this.keptBytes + request.body.length <= MAX_KEPT_BYTES) {
      this.kept.set(position, request);
      this.keptBytes += request.body.length;
    }
    return request;
  }

  private build(messages: Message[], maxTokens: number | null): WireRequest {
    const { wire, target } = this.options;
    const limited = maxTokens === null ? target : { ...target, params: wire.limitOutput(target.params, maxTokens) };
    return wire.buildRequest(limited, messages, { stream: true });
  }
}
