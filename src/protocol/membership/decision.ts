/** What is done with word about a member. Which, say the tables in believing.ts; how, news.ts. */
export type Decision =
  /** Nothing is done. */
  | "ignore"
  /** The record is taken into the table, and passed on. */
  | "believe"
  /** The same: of one that comes in. */
  | "believe: joined"
  /** The same: of one that was known to have gone. */
  | "believe: returned"
  /** The same: in the place of another process, which must be gone. */
  | "believe: replaced"
  /** It is believed once its host has said who it is, and tried like any other word if that fails. */
  | "greet first"
  /** It is believed once it has answered, and made known as dead if it does not. */
  | "probe first"
  /** The same, by datagram and stream: it may be on the other side of a cut. */
  | "probe first, both ways"
  /** It is asked once, as it came, and believed if it answers; else nothing comes of it. */
  | "ask the stranger"
  /** It is awaited no more. */
  | "note that it answers"
  /** Its own record as it is known here, and where it is seen now. If that is its death, by stream too. */
  | "tell it better"
  /** Where it is seen now, and that it is held for dead where it was. */
  | "tell it of the doubt"
  /** The word itself goes to the suspect, which has its time to refute it; its silence confirms it. */
  | "tell the suspect and probe"
  /** The one that is known is dead. */
  | "hold the known one for dead"
  /** This peer takes over the address by which others know it. */
  | "move there"
  /** This peer raises its incarnation above the one that is spoken of. */
  | "refute"
  /** The same; and it is told first to whoever says such a thing. */
  | "refute to who says so"
  /** Whoever says such a thing is told first of this peer's next record. */
  | "note who says so"
  /** The other process with this peer's id: if it answers, this peer ends; else it refutes. */
  | "probe the claimant"
  /** No two records are like this. */
  | "cannot be";
