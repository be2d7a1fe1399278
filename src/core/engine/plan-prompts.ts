/** The variants of a prompt, as messages whose contents are templates. */
import { basename } from 'node:path';
import type { Message } from '../../protocol/plan';
import { originalIndex } from '../spec/cleaned';
import { childPointer } from '../spec/pointer';
import type { EvalSpec } from '../spec/schema';
import type { MessageSpec } from '../spec/schema-case';
import { located } from '../spec/spec-lists';
import { isFileReference, type ReferencedFiles, type TextSource } from './plan-files';

export interface MessageTemplate {
  role: Message['role'];
  content: TextSource;
}

export interface Variant {
  /** `default` where the file has one prompt only. */
  name: string;
  messages: MessageTemplate[];
}

/** The variants of the file; those whose files cannot be read have no messages, which has been reported. */
export async function readVariants(spec: EvalSpec, files: ReferencedFiles): Promise<Variant[]> {
  if (spec.prompt !== undefined) {
    return [{ name: 'default', messages: await promptMessages(spec.prompt, '/prompt', files) }];
  }
  if (spec.messages !== undefined) {
    return [{ name: 'default', messages: await templatesOf(spec.messages, '/messages', files) }];
  }
  const { prompts } = spec;
  // A load of made-up prompts needs none; anything else without one has been reported.
  if (prompts === undefined) return [{ name: 'default', messages: [] }];
  return Promise.all(
    prompts.map(async (variant, index): Promise<Variant> => {
      const pointer = childPointer('/prompts', originalIndex(prompts, index));
      if (typeof variant === 'string')
        return { name: fileTitle(variant), messages: await promptMessages(variant, pointer, files) };
      return {
        name: variant.name,
        messages:
          variant.prompt !== undefined
            ? await promptMessages(variant.prompt, `${pointer}/prompt`, files)
            : await templatesOf(variant.messages ?? [], `${pointer}/messages`, files),
      };
    }),
  );
}

/** The names of the variants, without reading what they refer to. */
export function variantNames({ prompt, messages, prompts }: EvalSpec): string[] {
  if (prompt !== undefined || messages !== undefined || prompts === undefined) return ['default'];
  return prompts.map((variant) => (typeof variant === 'string' ? fileTitle(variant) : variant.name));
}

/** Messages of a prompt: one of the user, or those of a JSON or YAML file. */
async function promptMessages(text: string, pointer: string, files: ReferencedFiles): Promise<MessageTemplate[]> {
  if (!isFileReference(text)) return [{ role: 'user', content: { text, pointer } }];
  const source = await files.read(text, pointer);
  if (source === undefined) return [];
  const messages = files.messagesIn(source);
  // Offsets inside a message of a file are not known: an error there is shown at the reference.
  return messages === undefined
    ? [{ role: 'user', content: source }]
    : messages.map(({ role, content }) => ({ role, content: { text: content, pointer } }));
}

async function templatesOf(
  messages: MessageSpec[],
  pointer: string,
  files: ReferencedFiles,
): Promise<MessageTemplate[]> {
  const templates = await Promise.all(
    located(messages, pointer).map(async ({ value, pointer: at }): Promise<MessageTemplate | undefined> => {
      const contentAt = `${at}/content`;
      if (!isFileReference(value.content))
        return { role: value.role, content: { text: value.content, pointer: contentAt } };
      const source = await files.read(value.content, contentAt);
      return source === undefined ? undefined : { role: value.role, content: source };
    }),
  );
  return templates.filter((template) => template !== undefined);
}

/** `file://prompts/terse.md` is called `terse`. */
function fileTitle(reference: string): string {
  return basename(reference).replace(/\.[^.]+$/, '') || reference;
}
