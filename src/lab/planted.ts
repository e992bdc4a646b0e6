/** Faults that are planted between chaos and the peers of its ring, each with the check that has to find it. */
import type { Asked, Meddler, Pass } from "./control-proxy.ts";
import {
  changeContent,
  changeDocument,
  type Fields,
  fieldsOf,
  isRequest,
  isStore,
  listOf,
  sieveEvents,
} from "./meddling.ts";

export type Planted = {
  /** What is planted, in words. */
  readonly what: string;
  readonly check: string;
  /** @param isStruck whether a peer has been killed yet: before that a ring must come together */
  make(isStruck: () => boolean): Meddler;
};

export const PLANTED: readonly Planted[] = [
  { what: "a store is acknowledged, and nothing is kept", check: "D1", make: nothingKept },
  { what: "a copy is acknowledged, and not made", check: "D2", make: oneCopyLess },
  { what: "a content that nobody stored", check: "D3", make: invented },
  { what: "a stale answer", check: "D6", make: stale },
  { what: "an operation is executed twice", check: "D7", make: twice },
  { what: "a successor is never repaired", check: "R1", make: unrepaired },
  { what: "a peer has a wrong predecessor", check: "R2", make: wrongPredecessor },
  { what: "a peer does not answer any more", check: "R4", make: silent },
  { what: "a peer that has left is held for alive", check: "R6", make: stillAlive },
  { what: "a lookup names a wrong owner", check: "R8", make: wrongOwner },
];

/** Nothing is changed. */
export const CLEAN: Meddler = (_, pass) => pass();

/** The first store: what it says is true for a moment. */
function nothingKept(): Meddler {
  let is = false;
  return async (asked, pass) => {
    const answer = await pass();
    if (is || !isStore(asked) || !answer.ok) return answer;
    is = true;
    await pass({ method: "DELETE", path: asked.path });
    return answer;
  };
}

function oneCopyLess(): Meddler {
  return (asked, pass) => {
    if (asked.path !== "/files") return pass();
    return changeDocument(pass(), (listed) => {
      const [first, ...others] = listOf(listed["files"]).map(fieldsOf);
      if (first === undefined) return listed;
      const holders = listOf(first["holders"]).slice(0, -1);
      return { ...listed, files: [{ ...first, holders }, ...others] };
    });
  };
}

function invented(): Meddler {
  const names = new Names();
  const content = new TextEncoder().encode("nobody stored this\n");
  return async (asked, pass) => {
    if (isRequest(asked) && names.replaced(asked.file) !== null) {
      return await changeContent(pass(), content);
    }
    return await names.passing(asked, pass);
  };
}

function stale(): Meddler {
  const names = new Names();
  return async (asked, pass) => {
    const former = isRequest(asked) ? names.replaced(asked.file) : null;
    if (former !== null) return await changeContent(pass(), former);
    return await names.passing(asked, pass);
  };
}

/** So late that nobody reads it any more: the clients have read all they store, and the ring is listed. */
function twice(): Meddler {
  const names = new Names();
  let reads = 0;
  return async (asked, pass) => {
    if (isRequest(asked) && names.replaced(asked.file) !== null) reads++;
    if (isStore(asked) || asked.method === "DELETE") reads = 0;
    if (asked.path === "/files" && reads >= LAST_READS) {
      for (const [name, body] of names.allReplaced()) {
        const put = await pass({ method: "PUT", path: `/files/${name}`, body });
        await put.body?.cancel();
      }
      reads = 0;
    }
    return await names.passing(asked, pass);
  };
}

/** More than clients at work ever read without a write between. */
const LAST_READS = 15;

/** What a peer first said of its successors it says for ever. */
function unrepaired(): Meddler {
  const first = new Map<number, readonly unknown[]>();
  return (asked, pass) => {
    const { id, path } = asked;
    if (path === "/events") return sieveEvents(pass(), ({ event }) => event !== "successors");
    if (path !== "/status") return pass();
    return changeDocument(pass(), (status) => {
      const said = listOf(status["successors"]);
      const successors = first.get(id) ?? said;
      // One that has just been started may not know them yet.
      if (said.length === 2) first.set(id, successors);
      return { ...status, successors };
    });
  };
}

function wrongPredecessor(isStruck: () => boolean): Meddler {
  return ofStatus(isStruck, (status) => {
    return { ...status, predecessors: [...listOf(status["predecessors"])].reverse() };
  });
}

/** The first that is asked after a fault is silent from then on. */
function silent(isStruck: () => boolean): Meddler {
  let which: number | null = null;
  return async ({ id, path }, pass) => {
    if (isStruck() && path === "/status") which ??= id;
    if (which === id) throw new Error("silent");
    return await pass();
  };
}

function stillAlive(): Meddler {
  return async (asked, pass) => {
    if (asked.path === "/events") {
      return await sieveEvents(pass(), ({ event, state }) => {
        return event !== "member" || state === "alive";
      });
    }
    return await ofStatus(
      () => true,
      (status) => {
        const members = listOf(status["members"]).map((each) => {
          return { ...fieldsOf(each), state: "alive" };
        });
        return { ...status, members };
      },
    )(asked, pass);
  };
}

function wrongOwner(isStruck: () => boolean): Meddler {
  return ofStatus(isStruck, (status) => {
    const [first] = listOf(status["members"]).map(fieldsOf);
    const lookups = listOf(status["lookups"]).map((each) => {
      const lookup = fieldsOf(each);
      const { owner } = lookup;
      const other = owner === first?.["id"] ? Number(owner) + 1 : first?.["id"];
      return { ...lookup, owner: other };
    });
    return { ...status, lookups };
  });
}

function ofStatus(when: () => boolean, change: (status: Fields) => Fields): Meddler {
  return (asked, pass) => {
    return asked.path === "/status" && when() ? changeDocument(pass(), change) : pass();
  };
}

/** What was stored under each name: those that are written more than once are the clients'. */
class Names {
  /** The first content that was acknowledged, and whether another one was after it. */
  private readonly first = new Map<string, { body: Asked["body"]; replaced: boolean }>();

  /** Lets it through, and notes what was acknowledged. */
  async passing(asked: Asked, pass: Pass): Promise<Response> {
    const answer = await pass();
    const { file, body } = asked;
    if (!isStore(asked) || file === null || !answer.ok) return answer;
    const known = this.first.get(file);
    if (known === undefined) this.first.set(file, { body, replaced: false });
    else known.replaced = true;
    return answer;
  }

  /** The first content of a name that has had another one since; else null. */
  replaced(name: string | null): Asked["body"] | null {
    const known = this.first.get(name ?? "");
    return known?.replaced === true ? known.body : null;
  }

  allReplaced(): (readonly [name: string, body: Asked["body"]])[] {
    return [...this.first].flatMap(([name, { body, replaced }]) =>
      replaced ? [[name, body]] : [],
    );
  }
}
