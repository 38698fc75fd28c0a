/** @file Seeded random numbers: xoshiro128** (Blackman and Vigna, 2018), the same on every machine, with streams by name. */

export class Random {
  /** From the four words of its state. */
  constructor(private readonly state: [number, number, number, number]) {}

  /** Streams of one seed with different names are independent: adding one never shifts another. */
  static stream(seed: number, name: string): Random {
    // FNV-1a over the name, then splitmix32 fills the state, as the authors of xoshiro advise.
    let hash = 0x811c9dc5 ^ Math.imul(seed, 0x9e3779b1);
    for (const character of `${seed}/${name}`) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
    const next = (): number => {
      hash = (hash + 0x9e3779b9) | 0;
      let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      return (mixed ^ (mixed >>> 16)) >>> 0;
    };
    return new Random([next(), next(), next(), next()]);
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return (this.word() * 2 ** 21 + (this.word() >>> 11)) / 2 ** 53;
  }

  /** Uniform whole number in 0 .. count - 1. */
  integer(count: number): number {
    return Math.floor(this.uniform() * count);
  }

  /** Standard normal (Box and Muller); the second value is not kept, so that the state is only the four words. */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** A shuffled copy (Fisher and Yates). */
  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [shuffled[i], shuffled[j]] = [shuffled[j], shuffled[i]];
    }
    return shuffled;
  }

  private word(): number {
    const s = this.state;
    const product = Math.imul(s[1], 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = s[1] << 9;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = (s[3] << 11) | (s[3] >>> 21);
    return result;
  }
}
