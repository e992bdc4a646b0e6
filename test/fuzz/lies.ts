/** Sequences of lies to a simulated ring: see src/sim/lies.ts, and what is in and out in docs/SIMULATOR.md. */
import { step } from "../../src/protocol/peer.ts";
import type { Stepping } from "../../src/sim/host.ts";
import { HOST } from "../../src/sim/liar.ts";
import { drawLies } from "../../src/sim/lies.ts";
import { type Plan, planAsScenario } from "../../src/sim/plan.ts";
import { shrinkPlan } from "../../src/sim/shrink.ts";
import { type Failure, runPlan } from "../../src/sim/simulated-run.ts";
import { encode } from "../../src/wire/message.ts";
import { type Found, type Target, tally } from "./target.ts";

export function openLies(): Target {
  const did: Record<string, number> = {};
  return {
    did,
    run(seed) {
      const plan = drawLies(seed);
      const { failure } = runPlan(plan);
      tally(did, "sequences");
      tally(did, "lies", plan.actions.filter(isLie).length);
      return failure === null ? null : told(plan, kindOf(failure));
    },
    replay(text) {
      const plan: Plan = JSON.parse(text);
      const { failure } = runPlan(plan);
      return failure === null ? null : `${failure.check}: ${failure.why}`;
    },
  };
}

/** Of the checks that are many in one, what they say of whichever peer. */
function kindOf({ check, why }: Failure): string {
  return check === "I" || check === "threw" ? `${check}: ${why.replaceAll(/\d+/g, "N")}` : check;
}

function told(plan: Plan, kind: string): Found {
  const fails = (p: Plan) => {
    const { failure } = runPlan(p);
    return failure !== null && kindOf(failure) === kind;
  };
  const { plan: small } = shrinkPlan(plan, fails);
  const literal = inBytes(small);
  // What a peer says differently then may make another lie of the same number: its bytes are itself.
  const kept = fails(literal) ? shrinkPlan(literal, fails).plan : small;
  const failure = runPlan(kept).failure;
  const why = `${failure?.check}: ${failure?.why}`;
  return { why, reproduction: planAsScenario(kept, why).split("\n"), kept };
}

/** The plan with the bytes of each lie that was told in it. */
function inBytes(plan: Plan): Plan {
  const lies: { at: number; action: string }[] = [];
  const { ring } = plan.config;
  let now = 0;
  const stepping: Stepping = ({ id, clock }, peer, input) => {
    now = Math.max(now, (input.at - clock.offsetMs) / clock.rate);
    if (input.type === "message" && input.from.address.startsWith(`${HOST}:`)) {
      const port = Number(input.from.address.slice(HOST.length + 1));
      const bytes = encode(input.message, { ...input.from, ring, port }).toHex();
      lies.push({ at: now, action: `lie ${bytes} to ${id} by ${input.channel}` });
    }
    return step(peer, input);
  };
  runPlan(plan, stepping);
  const actions = [...plan.actions.filter((a) => !isLie(a)), ...lies];
  return { ...plan, actions: actions.sort((a, b) => a.at - b.at) };
}

function isLie({ action }: { readonly action: string }): boolean {
  return action.startsWith("lie ");
}
