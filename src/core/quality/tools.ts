/** Assertions on the tools that an answer calls: `tool-call`, `is-valid-openai-tools-call`. */
import type { AssertionPlan, Json } from '../../protocol/plan';
import { briefJson } from './brief-json';
import { quote } from './excerpt';
import { schemaValidator, SchemaError, type SchemaValidator } from './json-schema';
import { toolDefinitions, type ToolDefinition } from './tool-definitions';
import { listed } from './values';
import {
  unevaluated,
  type AnswerUnderTest,
  type Check,
  type CheckResult,
  type ToolCall,
  type Unevaluated,
} from './types';

interface WantedCall {
  name: string;
  /** Null where any arguments will do. */
  validate: SchemaValidator | null;
  expected: string;
}

/**
 * One of the answer's calls is of the tool, with arguments that conform to the JSON Schema. Its value is the name, or
 * `{name, arguments}`.
 */
function toolCall(assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const wanted = wantedCall(assertion);
  if ('kind' in wanted) return wanted;
  const { name, validate, expected } = wanted;
  const calls = callsOf(answer);
  const common = { kind: 'found', expected, actual: describeCalls(calls, answer) } as const;
  if (calls.length === 0) return { ...common, holds: false, reason: `calls no tool; ${startOf(answer)}` };
  const ofName = calls.filter((call) => call.name === name);
  if (ofName.length === 0) return { ...common, holds: false, reason: describeOthers(name, calls) };
  const failures: string[] = [];
  for (const call of ofName) {
    const problem = validate === null ? null : problemOf(call, validate);
    if (problem !== null) {
      failures.push(problem);
      continue;
    }
    return { ...common, holds: true, reason: `calls ${name} with ${quote(call.arguments, 80)}` };
  }
  const others = failures.length > 1 ? `; none of its ${failures.length} calls conforms` : '';
  return { ...common, holds: false, reason: `calls ${name}, but ${failures[0]}${others}` };
}

function wantedCall({ value, type }: AssertionPlan): WantedCall | Unevaluated {
  const example = 'such as {name: get_weather, arguments: {required: [city]}}';
  if (typeof value === 'string' && value.trim() !== '') return { name: value.trim(), validate: null, expected: value };
  if (value === null || typeof value !== 'object' || Array.isArray(value)) {
    return unevaluated(`${type} needs the name of a tool, or a map ${example}`);
  }
  const { name, arguments: schema } = value;
  if (typeof name !== 'string' || name.trim() === '')
    return unevaluated(`${type} needs the name of a tool, ${example}`);
  if (schema === undefined || schema === null) return { name, validate: null, expected: name };
  if ((typeof schema !== 'object' && typeof schema !== 'boolean') || Array.isArray(schema)) {
    return unevaluated(`${type}: arguments must be a JSON Schema, not ${briefJson(schema)}`);
  }
  try {
    const expected = `${name}(${JSON.stringify(schema, null, 2)})`;
    return { name, validate: schemaValidator(schema), expected };
  } catch (error) {
    if (!(error instanceof SchemaError)) throw error;
    const hint = 'to ask for a value, write {properties: {city: {const: Paris}}}';
    return unevaluated(`${type}: arguments must be a JSON Schema (${hint}): ${error.message}`);
  }
}

/** Every call is of a tool that the request offers, with arguments that its schema accepts. */
function isValidToolsCall(_assertion: AssertionPlan, answer: AnswerUnderTest): CheckResult {
  const calls = callsOf(answer);
  const tools = toolDefinitions(answer.tools);
  const offered = listed(
    tools.map(({ name }) => name),
    5,
  );
  const common = {
    kind: 'found',
    expected: tools.length === 0 ? 'calls of the tools of the request' : `calls of ${offered}`,
    actual: describeCalls(calls, answer),
  } as const;
  if (calls.length === 0) return { ...common, holds: false, reason: `calls no tool; ${startOf(answer)}` };
  if (tools.length === 0) {
    return unevaluated(
      'the request offers no tools to hold the calls against: they belong into its params, as "tools"',
    );
  }
  for (const call of calls) {
    const tool = tools.find(({ name }) => name === call.name);
    if (tool === undefined) {
      return {
        ...common,
        holds: false,
        reason: `calls ${call.name}, which the request does not offer: it has ${offered}`,
      };
    }
    const problem = problemWithTool(call, tool);
    if (typeof problem !== 'string' && problem !== null) return problem;
    if (problem !== null) return { ...common, holds: false, reason: `calls ${call.name}, but ${problem}` };
  }
  const names = listed(calls.map(({ name, arguments: given }) => `${name} with ${quote(given, 60)}`));
  return { ...common, holds: true, reason: `calls ${names}, as the request allows` };
}

function problemWithTool(call: ToolCall, { name, parameters }: ToolDefinition): string | null | Unevaluated {
  try {
    return problemOf(call, parameters === null ? () => [] : schemaValidator(parameters, { strict: false }));
  } catch (error) {
    if (error instanceof SchemaError) return unevaluated(`the parameters of the tool ${name}: ${error.message}`);
    throw error;
  }
}

/** What is wrong with the arguments of a call; null where nothing is. */
function problemOf({ arguments: text }: ToolCall, validate: SchemaValidator): string | null {
  let value: unknown;
  try {
    // A tool without parameters may be called without arguments.
    value = text.trim() === '' ? {} : JSON.parse(text);
  } catch {
    return `its arguments are not JSON: ${quote(text, 60)}`;
  }
  const violations = validate(value);
  return violations.length === 0 ? null : `its arguments do not conform: ${violations.join('; ')}`;
}

/** The calls of the answer; where a transform made them, those of its output. */
export function callsOf({ toolCalls, output }: AnswerUnderTest): ToolCall[] {
  if (output === undefined) return toolCalls;
  const made = callsIn(output);
  return made.length > 0 ? made : toolCalls;
}

/** OpenAI's tool calls, bare or in a message. */
function callsIn(output: Json): ToolCall[] {
  const list = Array.isArray(output) ? output : isMap(output) ? output['tool_calls'] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((item): ToolCall[] => {
    const call = isMap(item) && isMap(item['function']) ? item['function'] : undefined;
    const name = call?.['name'];
    const given = call?.['arguments'];
    if (typeof name !== 'string' || typeof given !== 'string') return [];
    return [{ id: '', name, arguments: given }];
  });
}

function isMap(value: Json | undefined): value is { [key: string]: Json } {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function describeOthers(name: string, calls: readonly ToolCall[]): string {
  const names = [...new Set(calls.map((call) => call.name))];
  const near = names.find((other) => other.toLowerCase() === name.toLowerCase());
  const hint = near === undefined ? '' : '; case counts';
  return `does not call ${name}; it calls ${listed(names)}${hint}`;
}

function describeCalls(calls: readonly ToolCall[], { text }: AnswerUnderTest): string {
  if (calls.length === 0) return text;
  return calls.map(({ name, arguments: given }) => `${name}(${given})`).join('\n');
}

function startOf({ text }: AnswerUnderTest): string {
  return text.trim() === '' ? 'the answer is empty' : `the answer starts ${quote(text, 48)}`;
}

export const TOOL_CHECKS: Readonly<Record<string, Check>> = {
  'is-valid-openai-tools-call': isValidToolsCall,
  'tool-call': toolCall,
};
