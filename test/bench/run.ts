// What a measured run comes to.

export interface Run {
  /** Seconds from the request to the last piece. */
  readonly wall: number;
  /** Seconds of user and system time of the whole leecher, and of the seeder while it seeds. */
  readonly leecherCpu?: number;
  readonly seederCpu?: number;
  /** Peak bytes of the leecher. */
  readonly rss?: number;
}

/** One row of the table. */
export interface Plan {
  readonly name: string;
  /** Row it is compared with. */
  readonly baseline?: string;
  /** Programs it needs: each a command that ends well when it is there. */
  readonly needs?: readonly (readonly [string, ...string[]])[];
  readonly run: () => Promise<Run>;
}
