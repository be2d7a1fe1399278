/** The one configuration that both read, and the scripted endpoint that answers both. */
import { stringify } from 'yaml';
import { startSimulator, type Simulator } from '../../src/core/sim/server';
import type { SimConfig, SimScriptEntry } from '../../src/protocol/plan';
import { QUESTION, ROWS, type CompatRow, type JudgeReply } from './rows';

export const KEY_VARIABLE = 'COMPAT_API_KEY';

const TOOLS = [
  {
    type: 'function',
    function: {
      name: 'get_weather',
      description: 'The weather at a place.',
      parameters: {
        type: 'object',
        properties: { location: { type: 'string' } },
        required: ['location'],
        additionalProperties: false,
      },
    },
  },
];

/** Names the row in its question, and so in everything that is asked about it. */
export function markOf(index: number): string {
  return `Q${index}Q`;
}

function rubricMark(index: number): string {
  return `(criterion ${index})`;
}

/** `promptfooconfig.yaml`: a test for each row, known by its description. */
export function configuration(url: string): string {
  const config = { apiBaseUrl: url, apiKeyEnvar: KEY_VARIABLE };
  return stringify({
    description: 'Compatibility',
    prompts: ['{{question}}'],
    providers: [{ id: 'openai:chat:scripted', config: { ...config, tools: TOOLS } }],
    defaultTest: {
      options: {
        provider: {
          text: { id: 'openai:chat:judge', config },
          embedding: { id: 'openai:embedding:vectors', config },
        },
      },
    },
    tests: ROWS.map((row, index) => ({
      description: markOf(index),
      vars: { question: `${markOf(index)} ${QUESTION}`, ...marked(row, index) },
      assert: [assertionOf(row, index)],
    })),
  });
}

/** Material of the judge names the row as well: not every question that it is asked holds the criterion. */
function marked({ vars = {}, judge }: CompatRow, index: number): Record<string, unknown> {
  const { context } = vars;
  return judge === undefined || typeof context !== 'string'
    ? vars
    : { ...vars, context: `${context} ${rubricMark(index)}` };
}

function assertionOf({ type, value, threshold, transform, assert, judge }: CompatRow, index: number): object {
  return {
    type,
    ...(value === undefined
      ? {}
      : {
          value:
            judge === undefined
              ? value
              : `${typeof value === 'string' ? value : JSON.stringify(value)} ${rubricMark(index)}`,
        }),
    ...(threshold === undefined ? {} : { threshold }),
    ...(transform === undefined ? {} : { transform }),
    ...(assert === undefined ? {} : { assert }),
  };
}

/** Starts the endpoint. Its judge speaks the form of the one who asks: the two prompts differ, what is meant does not. */
export function startScripted(asker: 'promptfoo' | 'ours'): Promise<Simulator> {
  const judgements = ROWS.flatMap(({ judge }, index) => (judge === undefined ? [] : entries(judge[asker], index)));
  const answers = ROWS.map(({ answer, judge }, index) => ({
    match: markOf(index),
    answer: judge === undefined || typeof answer !== 'string' ? answer : `${answer} ${rubricMark(index)}`,
  }));
  const config: SimConfig = {
    ttftMs: 5,
    itlMs: 0.1,
    jitter: 0,
    maxRunning: 8,
    answer: 'script',
    script: [...judgements, ...answers],
  };
  return startSimulator(config);
}

/** The judge is known by the mark of the criterion, which no question to the model under test holds. */
function entries(reply: JudgeReply, index: number): SimScriptEntry[] {
  const replies = typeof reply === 'string' ? [{ has: '', answer: reply }] : reply;
  return replies.map(({ has, answer }) => ({
    match: `/(?=[^]*\\(criterion ${index}\\))(?=[^]*${has})/`,
    in: 'all' as const,
    answer,
  }));
}
