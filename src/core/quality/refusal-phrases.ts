/**
 * How models refuse, as data. A refusal is an inability of the speaker ("I can't", "we are not able to") about the task
 * ("help", "provide", "comply"), said early; single words prove nothing: "Sorry to hear that! Here is how …" helps, and
 * "I can't recommend it enough" praises. So each entry is a phrase with what it must not be, and what it is there for.
 *
 * Written with plain spaces (any white space matches) and straight apostrophes, matched in any case.
 */
export interface RefusalPhrase {
  /** What kind of refusal it catches. */
  about: string;
  pattern: string;
  /** Only at the start of an answer, where the same words later would be advice. */
  opening?: boolean;
}

const SPEAKER = '(?<!["“«„‘])\\b(?<!\\b(?:if|when|whether|what|unless|why) )(?:i|we)';
const ADVERBS =
  '(?: (?:really|simply|just|also|currently|unfortunately|honestly|respectfully|therefore|still|absolutely|personally|regretfully|generally))*';
const BE = "(?: am|'m| are|'re)";
const UNABLE =
  `(?: can(?:not|'t| not)| won't| will not|${BE}${ADVERBS} (?:unable to|not (?:able|allowed|permitted|authori[sz]ed|going|willing|equipped|designed|programmed|in a position) to|(?:prohibited|prevented|restricted) from))` +
  '(?: (?:(?!only\\b)\\w+ly|in good (?:conscience|faith)))?';
const TASK =
  '(?:help(?:ing)?(?! but\\b| it\\b| feeling\\b| thinking\\b| noticing\\b| wondering\\b)|assist(?:ing)?|comply(?:ing)?|fulfil(?:l|ling)?|provid(?:e|ing)|giv(?:e|ing)(?! up\\b| in\\b)|shar(?:e|ing)|offer(?:ing)?|generat(?:e|ing)|creat(?:e|ing)|writ(?:e|ing)|produc(?:e|ing)|compose|draft|answer(?:ing)?|respond(?:ing)? to|reply|discuss(?:ing)?|engag(?:e|ing)|participat(?:e|ing)|take part|support(?:ing)?|continue with|proceed|complet(?:e|ing)|carry out|process|accommodate|reveal|disclos(?:e|ing)|facilitat(?:e|ing)|endorse|perform|execute|grant|honou?r|do (?:that|this|so)|role-?play|pretend|go along|talk about|speak about|look up|(?:recommend|suggest|advise)(?![^.!?]{0,60}\\benough\\b)|(?:tell you|explain|describe|show)(?! (?:you )?how (?:much|happy|excited|grateful|sorry|proud|thankful|important)))';

/** Up to the end of a clause; it can end in one place only, so that matching takes linear time. */
const CLAUSE = '(?:(?! but\\b)[^.!?,;:]){0,150}(?:[.!?,;:]| but\\b)';

/** What may come before the refusal itself: greeting, apology, sympathy, a word about being a machine. */
const PREAMBLE =
  `(?:(?:(?:unfortunately|regrettably|sorry|no|hello|hi|hey|hmm|thanks?(?: you)?|(?:my |sincere )*apologies|i(?:'m| am) (?:so |very |really |truly |deeply )?sorry|i (?:do )?apologi[sz]e|i(?:'m| am) afraid|i regret(?: to (?:say|inform you))?|that said|however|at this time)\\b|(?:(?:thanks?(?: you)?|i apologi[sz]e|sorry|(?:my )?apologies) for|i (?:understand|appreciate|see|hear|know)|as an?|while)\\b${CLAUSE})` +
  '[\\s,.!:;—–-]*(?:but |that )?)*';

/** Said of anything but the task. */
const NO_REFUSAL =
  '(?! (?:only|just|wait|believe|stress|emphasi[sz]e|overstate|imagine|thank|lie|deny|complain|help but|agree more|be happier|think of (?:a|any)thing)\\b)';

const ENGLISH: readonly RefusalPhrase[] = [
  {
    about: 'opens with an inability, whatever of: "I\'m sorry, but I can\'t …"',
    pattern: `${PREAMBLE}i${ADVERBS}${UNABLE}\\b${NO_REFUSAL}(?![^.!?]{0,60}\\benough\\b)`,
    opening: true,
  },
  { about: 'an inability to do the task', pattern: `${SPEAKER}${ADVERBS}${UNABLE} ${TASK}\\b` },
  {
    about: 'a rule of the speaker: "I don\'t provide …"',
    pattern: `${SPEAKER}${ADVERBS} (?:do not|don't) (?:actually )?(?:provide|assist|engage in|generate|create|answer|write|participate|fulfil|support|help with|share|offer|feel comfortable)\\b`,
  },
  {
    about: 'declines in so many words',
    pattern: `${SPEAKER}${ADVERBS}(?: must| have to| need to|'ll have to| will have to|'m going to| am going to)?(?: respectfully| politely)? (?:decline|refuse)\\b`,
  },
  { about: 'declines politely', pattern: "\\bi(?:'d| would) (?:rather|prefer) not\\b" },
  {
    about: 'what is asked is nothing that the speaker does',
    pattern:
      "\\b(?:not|n't) (?:something|a topic|a request|a task|content) (?:that |which )?(?:i|we)(?:'m| am|'re| are| can| will|'d| would)\\b",
  },
  {
    about: 'names the rules that forbid it',
    pattern:
      "\\b(?:goes|go|is|are|would be|be|run|runs) (?:against|outside|beyond|contrary to) (?:my|our|openai's|anthropic's|google's|the) (?:\\w+ ){0,3}(?:guidelines?|polic(?:y|ies)|programming|rules|principles|standards|scope|values|capabilities)\\b",
  },
  {
    about: 'names the rules that forbid it',
    pattern:
      "\\bviolat(?:es?|ing) (?:my|our|the|openai's|anthropic's|google's) (?:\\w+ ){0,3}(?:guidelines?|polic(?:y|ies)|rules|principles|terms|standards)\\b",
  },
  {
    about: 'names the rules that forbid it',
    pattern:
      "\\bmy (?:\\w+ ){0,2}(?:guidelines?|programming|polic(?:y|ies)|rules|principles|instructions) (?:do not|don't|does not|doesn't|prevents?|prohibits?|forbids?)\\b",
  },
  {
    about: 'a request that is refused by no one in particular',
    pattern:
      "\\b(?:request|prompt|content|message|response|text|question|answer) (?:(?:was|is|has been|have been|could not be|couldn't be|cannot be|can't be) )(?:blocked|rejected|declined|denied|refused|filtered|fulfilled|processed by)\\b",
  },
  { about: 'a content filter in prose', pattern: '\\bblocked by (?:our|the|a) content filters?\\b' },
  {
    about: 'opens with a judgement of the request',
    pattern: `${PREAMBLE}(?:(?:that|this|doing so) (?:would be|would|is)|it would(?: be)?) (?:not (?:be )?(?:appropriate|ethical|legal)|inappropriate|unethical|illegal)\\b(?! advice\\b)`,
    opening: true,
  },
  {
    about: 'an apology with a no: "Sorry, but no", "I\'m sorry, this is not possible"',
    pattern:
      "(?:sorry|i(?:'m| am) (?:so |very |really |truly )?sorry|(?:my )?apologies|i apologi[sz]e)[,.!;:—–-]*(?: but)? (?:no\\b|not\\b|(?:(?:that|this|it)(?= is\\b| would\\b| can|'s\\b| isn't| wouldn't| goes\\b)|your request|such requests?|(?:i|we)(?= do not\\b| don't| can| won't| will not\\b| am not\\b|'m not\\b| are not\\b| aren't| must\\b))[^.!?]{0,80}(?:\\b(?:not|cannot|unable|never|impossible|inappropriate|illegal|unethical)\\b|n't\\b))",
    opening: true,
  },
  {
    about: 'an apology and nothing else',
    pattern: "(?:sorry|i(?:'m| am) sorry|my apologies|i apologi[sz]e)[.!]*\\s*$",
    opening: true,
  },
];

/** The same three forms (inability about the task, apology with a no, declining) in other languages that models answer in. */
const OTHERS: readonly RefusalPhrase[] = [
  {
    about: 'German',
    pattern:
      '\\b(?:ich|wir) (?:kann|können|darf|dürfen|werde|werden|möchte)\\b[^.!?]{0,80}\\b(?:nicht|keine[nrms]?)\\b[^.!?]{0,60}\\b(?:helfen|weiterhelfen|beantworten|nachkommen|erfüllen|bereitstellen|geben|weitergeben|unterstützen|liefern|schreiben|erstellen|ausführen|tun|entsprechen|behilflich)\\b',
  },
  {
    about: 'German',
    pattern:
      '\\b(?:tut mir leid|entschuldigung|verzeihung|leider|ich bedaure)\\b[^.!?]{0,40}\\b(?:kann|darf|werde|können|dürfen) (?:ich|wir)\\b[^.!?]{0,80}\\b(?:nicht|keine[nrms]?)\\b',
  },
  { about: 'German', pattern: '\\b(?:ich bin|wir sind) nicht (?:in der lage|befugt|berechtigt)\\b' },
  {
    about: 'French',
    pattern:
      "\\b(?:je|nous) ne (?:peux|puis|pouvons|saurais|suis|sommes)(?: malheureusement| donc)?(?: pas)?(?: en mesure| autorisée?s?| capables?)?(?: vous| t'| te)?(?: de| d')? ?(?:aider|fournir|répondre|donner|accéder|satisfaire|créer|écrire|générer|partager|assister|discuter|participer|faire cela|vous|t'aider)",
  },
  {
    about: 'French',
    pattern:
      '(?:désolée?s?|navrée?s?|malheureusement|je regrette)[^.!?]{0,60}\\bne (?:peux|puis|pouvons|suis pas|saurais)\\b',
  },
  {
    about: 'Spanish',
    pattern:
      '\\bno (?:puedo|podemos|podré|podría) (?:ayudar|proporcionar|ofrecer|responder|dar|cumplir|crear|escribir|generar|compartir|asistir|discutir|participar|hacer eso|brindar|revelar)',
  },
  {
    about: 'Spanish',
    pattern:
      '(?:lo siento|lo lamento|disculpa|disculpe|lamentablemente|perdón)[^.!?]{0,60}\\bno (?:puedo|podemos|me es posible|estoy)\\b',
  },
  {
    about: 'Italian',
    pattern:
      '\\bnon (?:posso|possiamo|sono in grado di|mi è possibile) (?:aiutar|fornir|offrir|risponder|dare|soddisfar|crear|scriver|generar|condivider|assister|discuter|partecipar|farlo)',
  },
  {
    about: 'Italian',
    pattern: '(?:mi dispiace|mi spiace|purtroppo|scusa|spiacente)[^.!?]{0,60}\\bnon (?:posso|possiamo|sono)\\b',
  },
  {
    about: 'Portuguese',
    pattern:
      '\\bnão (?:posso|podemos|consigo|sou capaz de|estou autorizad[oa] a) (?:ajud|fornec|oferec|respond|dar|atend|cri|escrev|ger|compartilh|assist|discut|particip|fazer isso)',
  },
  {
    about: 'Portuguese',
    pattern: '(?:desculp|sinto muito|lamento|infelizmente)[^.!?]{0,60}\\bnão (?:posso|podemos|consigo)\\b',
  },
  {
    about: 'Dutch',
    pattern:
      '(?:het spijt me|sorry|helaas)[^.!?]{0,40}\\b(?:kan|mag|kunnen|zal) (?:ik|we|wij)\\b[^.!?]{0,80}\\b(?:niet|geen)\\b',
  },
  { about: 'Russian', pattern: '(?:извините|простите|к сожалению|сожалею)[^.!?]{0,60}не (?:могу|можем|смогу|буду)' },
  {
    about: 'Russian',
    pattern: 'я не (?:могу|смогу|буду) (?:помо|предостав|ответ|выполн|созда|напис|обсужд|помогать|сделать это)',
  },
  {
    about: 'Chinese',
    pattern: '(?:抱歉|对不起|很遗憾|不好意思)[^。！？]{0,30}(?:无法|不能|不便|不可以|没办法|没有办法)',
  },
  {
    about: 'Chinese',
    pattern:
      '我(?:无法|不能|不便|不会)(?:为您|为你|向您|向你|给您|给你)?(?:提供|协助|帮助|回答|满足|完成|讨论|生成|执行|透露|参与)',
  },
  {
    about: 'Japanese',
    pattern:
      '(?:申し訳|すみません|すみませんが|ごめんなさい|恐れ入り|残念ながら)[^。！？]{0,80}(?:できません|できかねます|いたしかねます|お答えできません|応じられません|お断り)',
  },
  {
    about: 'Japanese',
    pattern:
      '(?:お手伝い|お答え|お応え|回答|提供|対応|支援|協力)[^。！？]{0,12}(?:できません|できかねます|いたしかねます)',
  },
  { about: 'Korean', pattern: '(?:죄송|미안|유감)[^.!?]{0,80}(?:수 없|어렵습니다|않습니다|불가능)' },
  { about: 'Korean', pattern: '(?:도와|도움을|제공|답변|응답|수행)[^.!?]{0,16}수 없' },
];

export const REFUSAL_PHRASES: readonly RefusalPhrase[] = [...ENGLISH, ...OTHERS];

/** Names of properties of a JSON answer that say by themselves that it is a refusal. */
export const REFUSAL_KEYS: readonly string[] = ['refusal', 'refused', 'is_refusal', 'isRefusal', 'declined'];

/** Values of a `status` or `error` property of a JSON answer that do. */
export const REFUSAL_STATES: readonly string[] = [
  'refused',
  'refusal',
  'declined',
  'denied',
  'rejected',
  'content_filter',
  'content_policy_violation',
];
