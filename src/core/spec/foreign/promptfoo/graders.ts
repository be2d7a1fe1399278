/** The models that grade: of an assertion, of a test, or of all tests. */
import type { Cursor } from '../cursor';
import { meansProvider, type NativeEndpoint, type Provider, type ProviderReader } from './providers';

export type Grader = { kind: 'judge'; endpoint: NativeEndpoint } | { kind: 'refused'; reason: string };

const TASKS: readonly string[] = ['text', 'embedding', 'classification', 'moderation'];

export class Graders {
  constructor(
    private readonly reader: ProviderReader,
    private readonly targets: readonly Provider[],
  ) {}

  /** The model that a provider stands for as a grader; undefined where none is named for the task. */
  of(provider: Cursor | undefined, task: 'text' | 'embedding'): Grader | undefined {
    const written = provider === undefined ? undefined : ofTask(provider, task);
    if (written === undefined) return undefined;
    const found = this.find(written);
    if (found === undefined) return undefined;
    if (found.endpoint === null)
      return {
        kind: 'refused',
        reason: `its grader "${found.label ?? found.id}" is not asked: ${found.skip ?? 'it is not known here'}`,
      };
    // A chat model makes no embeddings: promptfoo then takes its default, and so does the workspace here.
    if (task === 'embedding' && found.task !== 'embedding') return undefined;
    if (task === 'text' && found.task === 'embedding')
      return { kind: 'refused', reason: `its grader "${found.id}" makes embeddings` };
    return { kind: 'judge', endpoint: found.endpoint };
  }

  private find(written: Cursor): Provider | undefined {
    const { text } = written;
    const target = text === undefined ? undefined : this.targets.find((provider) => meansProvider(text, provider));
    return target ?? this.reader.readGrader(written);
  }
}

/** A grader may name a model for each task. */
function ofTask(provider: Cursor, task: 'text' | 'embedding'): Cursor | undefined {
  const isTyped =
    provider.node.kind === 'map' &&
    provider.get('id') === undefined &&
    TASKS.some((key) => provider.get(key) !== undefined);
  return isTyped ? provider.get(task) : provider;
}
