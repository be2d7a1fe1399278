/** Request parameters that servers have in common: for completion and hovers alone, since any other is sent as well. */

export interface KnownParam {
  description: string;
  /** As YAML writes it. */
  example: string;
  values?: Readonly<Record<string, string>>;
}

export const KNOWN_PARAMS: Readonly<Record<string, KnownParam>> = {
  temperature: { description: 'How freely the next token is drawn; 0 takes the likeliest.', example: '0' },
  max_tokens: { description: 'Most tokens of an answer.', example: '256' },
  max_completion_tokens: {
    description: 'Most tokens of an answer, reasoning included; the newer name of `max_tokens`.',
    example: '1024',
  },
  top_p: { description: 'Draws from the likeliest tokens that together have this share.', example: '0.95' },
  top_k: { description: 'Draws from this many of the likeliest tokens.', example: '40' },
  min_p: { description: 'Leaves out tokens below this share of the likeliest one.', example: '0.05' },
  seed: { description: 'Makes draws repeatable, as far as the server supports it.', example: '1' },
  stop: { description: 'Texts at which the answer ends.', example: "['END']" },
  presence_penalty: { description: 'Makes tokens that have appeared less likely.', example: '0.5' },
  frequency_penalty: { description: 'Makes tokens less likely the more often they have appeared.', example: '0.5' },
  repetition_penalty: {
    description: 'Factor against repetition, as many open-source servers have it.',
    example: '1.1',
  },
  n: { description: 'Answers to one request; the first is judged.', example: '1' },
  response_format: { description: 'Asks for JSON, with or without a schema.', example: '{ type: json_object }' },
  tools: {
    description: 'Functions that the model may call.',
    example:
      '[{ type: function, function: { name: lookup, parameters: { type: object, properties: { id: { type: string } } } } }]',
  },
  tool_choice: {
    description: 'Whether a tool is called.',
    example: 'auto',
    values: { auto: 'The model decides.', none: 'No tool is called.', required: 'A tool must be called.' },
  },
  parallel_tool_calls: {
    description: 'Whether several tools may be called in one answer.',
    example: 'false',
    values: { true: 'They may.', false: 'One at a time.' },
  },
  reasoning_effort: {
    description: 'How long a reasoning model thinks.',
    example: 'low',
    values: { minimal: 'Hardly at all.', low: 'Briefly.', medium: 'As usual.', high: 'At length.' },
  },
  logprobs: { description: 'Returns the log probabilities of the tokens.', example: 'true' },
  top_logprobs: { description: 'Log probabilities of this many candidates for each token.', example: '5' },
  logit_bias: { description: 'Makes tokens, by their ids, more or less likely.', example: '{ }' },
  user: { description: 'A name for the end user, for the abuse detection of the service.', example: 'eval' },
  min_tokens: { description: 'Fewest tokens of an answer, as vLLM has it.', example: '64' },
  ignore_eos: {
    description: 'Goes on until `max_tokens`, as vLLM has it: for load with answers of one length.',
    example: 'true',
    values: { true: 'Every answer is as long as it may be.', false: 'An answer ends where the model ends it.' },
  },
  service_tier: { description: 'Class of service, where the endpoint has several.', example: 'auto' },
};
