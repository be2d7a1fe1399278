/** An assertion cannot be evaluated: its value, its variables, its prompt or its judge are unusable. The message is the reason. */
export class Ungradable extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'Ungradable';
  }
}
