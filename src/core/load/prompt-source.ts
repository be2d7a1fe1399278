/** What the requests of a load stage say, by their number: cases, made-up prompts, or the rows of a trace. */
import type { Message, RequestTemplate, StagePlan } from '../../protocol/plan';
import { SyntheticPrompts } from './synthetic';
import { TracePrompts } from './synthetic-trace';
import { blocksOf, type Trace } from './trace';
import { templatePicker } from './windows';

/** The rows of a trace as far as prompts and schedules need them; shared memory, so that every worker reads the same. */
export type TraceRows = Pick<Trace, 'length' | 'offsetsMs' | 'inputTokens' | 'outputTokens' | 'blocks'>;

export interface Prompt {
  messages: Message[];
  /** The answer's length to ask for; null where the stage does not say. */
  maxTokens: number | null;
  casePointer: string | undefined;
}

export interface PromptSourceOptions {
  stage: StagePlan;
  /** Of the stage. */
  seed: number;
  /** Targets of one run may share a server: what is to be unknown to its cache must differ between them. */
  targetId: string;
  trace: TraceRows | undefined;
}

/**
 * Prompt number i depends on the seed and on i alone, whichever worker makes it, and whatever it made before.
 *
 * A stage whose plan has a `requestPool` sends those cases; with `prefix` or `cache: cold` a line stands before the first
 * message's text, which is shared or unique. Without cases a stage sends synthetic prompts of `inputTokens`, or of the
 * lengths that the rows of its trace say. `outputTokens`, or the trace's own, is asked for through the request's limit of
 * output tokens, which is an upper bound: a model may well stop before.
 */
export class PromptSource {
  private readonly pool: readonly RequestTemplate[];
  private readonly pick: (index: number) => number;
  private readonly synthetic: SyntheticPrompts;
  /** Of the turns after the first: their beginning is the conversation so far, whatever the cache is meant to do. */
  private readonly laterTurns: SyntheticPrompts;
  private readonly rows: TracePrompts | undefined;

  /** @throws PromptrigError `usage` for lengths that make no sense */
  constructor(private readonly options: PromptSourceOptions) {
    const { stage, seed, targetId, trace } = options;
    const { inputTokens, outputTokens, prefix, cache = 'warm' } = stage.synthetic ?? {};
    const stream = cache === 'cold' ? targetId : '';
    this.pool = stage.requestPool;
    this.pick = templatePicker(stage, seed);
    this.synthetic = new SyntheticPrompts({ seed, stream, inputTokens, outputTokens, prefix, cache });
    this.laterTurns = new SyntheticPrompts({ seed, stream, inputTokens, outputTokens });
    this.rows = trace === undefined ? undefined : new TracePrompts({ seed });
  }

  /** Whether requests differ by their template only, so that each template is written once. */
  get isFixed(): boolean {
    const { stage, trace } = this.options;
    return this.pool.length > 0 && stage.synthetic === undefined && stage.sessions === undefined && trace === undefined;
  }

  /** Position in the stage's pool. */
  templateAt(index: number): number {
    return this.pick(index);
  }

  casePointerAt(index: number): string | undefined {
    return this.pool[this.pick(index)]?.casePointer;
  }

  /** @param turn of its session, from 0: a later turn is what the user adds to the conversation */
  at(index: number, turn = 0): Prompt {
    const prompts = turn === 0 ? this.synthetic : this.laterTurns;
    const template = this.pool[this.pick(index)];
    if (template !== undefined) {
      const before = prompts.before(index);
      const messages = turn === 0 ? withBeginning(template.messages, before.text) : withoutSystem(template.messages);
      const maxTokens = this.recordedOutput(index) ?? before.maxTokens;
      return { messages, maxTokens, casePointer: template.casePointer };
    }
    const { trace } = this.options;
    if (trace !== undefined && this.rows !== undefined) {
      const content = this.rows.at(index, trace.inputTokens[index] ?? 1, blocksOf(trace, index));
      return { messages: [{ role: 'user', content }], maxTokens: this.recordedOutput(index), casePointer: undefined };
    }
    const { text, maxTokens } = prompts.at(index);
    return { messages: [{ role: 'user', content: text }], maxTokens, casePointer: undefined };
  }

  private recordedOutput(index: number): number | null {
    return this.options.trace?.outputTokens[index] ?? null;
  }
}

/** A line of its own before the text of the first message, since a prompt is cached from its first token on. */
function withBeginning(messages: readonly Message[], beginning: string): Message[] {
  const [first, ...others] = messages;
  if (beginning === '' || first === undefined) return [...messages];
  return [{ ...first, content: `${beginning}\n${first.content}` }, ...others];
}

/** What the model is told once at the start of a conversation is not told again in its later turns. */
function withoutSystem(messages: readonly Message[]): Message[] {
  return messages.filter(({ role }) => role !== 'system' && role !== 'developer');
}
