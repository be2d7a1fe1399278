import { tags, type Tag } from './tags';
import type { TextSpan } from './types';

/** An element with its end, and what is between its tags. */
export interface XmlRegion extends TextSpan {
  inside: TextSpan;
}

/**
 * Elements in a text that are closed and no part of a larger such one, in order. They are not checked further: an attribute
 * without quotes or a bare `&` is for the parser to find.
 */
export function* xmlRegions(text: string, { start, end }: TextSpan): Generator<XmlRegion> {
  let open: Tag[] = [];
  // Those that are complete inside of an element that is not.
  let waiting: XmlRegion[] = [];
  for (const tag of tags(text, start, end)) {
    if (tag.kind === 'open') {
      open.push(tag);
      continue;
    }
    const first = tag.kind === 'empty' ? tag : open.pop();
    if (first === undefined) continue;
    if (first.name !== tag.name) {
      // Whatever is open holds this mismatch, so that nothing of it can be well-formed; what was complete before can.
      yield* waiting;
      open = [];
      waiting = [];
      continue;
    }
    const inside = { start: first.end, end: Math.max(first.end, tag.start) };
    const region = { start: first.start, end: tag.end, inside };
    while ((waiting[waiting.length - 1]?.start ?? -1) > region.start) waiting.pop();
    if (open.length > 0) waiting.push(region);
    else {
      yield* waiting;
      waiting = [];
      yield region;
    }
  }
  yield* waiting;
}
