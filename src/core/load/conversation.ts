import type { Message } from '../../protocol/plan';
import type { Answer } from './types';

/** An answer as the next request of its conversation quotes it. */
export function assistantMessage(answer: Answer | undefined): Message {
  return { role: 'assistant', content: answer?.text ?? '' };
}
