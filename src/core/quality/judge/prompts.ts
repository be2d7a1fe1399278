/** The prompts that judges are given: Markdown files of `media/judges`, read once. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Message } from '../../../protocol/plan';
import { parseTemplate, renderTemplate, type Template } from '../../spec/template';
import { messageOf, PromptrigError } from '../../util/errors';
import { Fence } from './fence';

/** Which files there are, and which questions each asks. */
const QUESTIONS = {
  'llm-rubric': ['verdict'],
  factuality: ['verdict'],
  'model-graded-closedqa': ['verdict'],
  'g-eval': ['steps', 'score'],
  'answer-relevance': ['questions', 'direct'],
  'context-faithfulness': ['statements', 'verdicts'],
  'context-recall': ['verdict'],
  'context-relevance': ['verdict'],
} as const;

export type PromptFile = keyof typeof QUESTIONS;
export type PromptQuestion<F extends PromptFile> = (typeof QUESTIONS)[F][number];

export interface PromptTexts {
  /** The author's own words, which the judge goes by. Each is fenced under its name. */
  trusted?: Record<string, string>;
  /** What the judge must not obey: the answer, and what was asked or retrieved for it. Each is fenced under its name. */
  untrusted?: Record<string, string>;
  /** Counts and the like, put in as they are. */
  plain?: Record<string, number>;
}

export class JudgePrompts {
  private constructor(private readonly templates: ReadonlyMap<string, Template>) {}

  /**
   * Reads the files of `dir`.
   * @throws PromptrigError `not_found` where one is missing, `invalid_file` where one lacks a prompt or cannot be rendered
   */
  static read(dir: string): JudgePrompts {
    const templates = new Map<string, Template>();
    const take = (file: string, questions: readonly string[], roles: readonly string[]): void => {
      const path = join(dir, `${file}.md`);
      const sections = sectionsOf(textOf(path));
      for (const heading of questions.flatMap((question) => roles.map((role) => `${question}: ${role}`))) {
        const text = sections.get(heading);
        if (text === undefined) {
          throw new PromptrigError('invalid_file', `${path} has no section "## ${heading}": reinstall Promptrig.`);
        }
        const parsed = parseTemplate(text);
        if (!parsed.ok) {
          throw new PromptrigError('invalid_file', `${path}, "${heading}": ${parsed.problem.message}`);
        }
        templates.set(`${file}/${heading}`, parsed.template);
      }
    };
    take('fencing', ['text'], ['system']);
    for (const [file, questions] of Object.entries(QUESTIONS)) take(file, questions, ['system', 'user']);
    return new JudgePrompts(templates);
  }

  /** The messages of one question: what to do in the first, what to do it with in the second. */
  messages<F extends PromptFile>(file: F, question: PromptQuestion<F>, texts: PromptTexts): Message[] {
    const { trusted = {}, untrusted = {}, plain = {} } = texts;
    const all = { ...trusted, ...untrusted };
    const fence = new Fence(Object.values(all));
    const names = Object.keys(untrusted).map((name) => fence.opening(name));
    const variables: Record<string, string | number> = { ...plain };
    for (const [name, text] of Object.entries(all)) variables[name] = fence.block(name, text);
    variables['fencing'] = this.render('fencing/text: system', { mark: fence.mark, names: names.join(', ') });
    return (['system', 'user'] as const).map((role) => ({
      role,
      content: this.render(`${file}/${question}: ${role}`, variables),
    }));
  }

  private render(key: string, variables: Record<string, string | number>): string {
    const template = this.templates.get(key);
    if (template === undefined) throw new Error(`There is no prompt ${key}.`);
    const rendered = renderTemplate(template, variables);
    if (rendered.ok) return rendered.text.trim();
    throw new Error(`The prompt ${key} cannot be rendered: ${rendered.problems[0]?.message ?? 'no reason is known'}`);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new PromptrigError('not_found', `The prompt for judges ${path} cannot be read: reinstall Promptrig.`, {
      reason: messageOf(error),
      cause: error,
    });
  }
}

/** By heading, what stands under each `## heading`. */
function sectionsOf(markdown: string): Map<string, string> {
  const [, ...sections] = markdown.replaceAll('\r\n', '\n').split(/^## /m);
  return new Map(
    sections.map((section) => {
      const end = section.indexOf('\n');
      return [section.slice(0, end).trim(), section.slice(end).trim()];
    }),
  );
}
