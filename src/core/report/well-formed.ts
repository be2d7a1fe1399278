/** The text with every lone half of a surrogate pair (an answer that was cut in the middle of a character) made U+FFFD. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd');
}
