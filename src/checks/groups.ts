/** Who reaches whom, both ways, if need be through others: strongly connected components. */

/** To whom each cannot send. */
export type Pairs = ReadonlyMap<number, ReadonlySet<number>>;

/** Peers are of one group if each reaches the other. */
export function groupsOf(up: readonly number[], apart: Pairs): Map<number, number> {
  const groups = new Map<number, number>();
  let next = 0;
  for (const id of up) {
    if (groups.has(id)) continue;
    const there = closure(id, up, (from, to) => !apart.get(from)?.has(to));
    const back = closure(id, up, (from, to) => !apart.get(to)?.has(from));
    for (const other of there) if (back.has(other)) groups.set(other, next);
    next += 1;
  }
  return groups;
}

function closure(
  start: number,
  ids: readonly number[],
  sends: (from: number, to: number) => boolean,
): Set<number> {
  const reached = new Set([start]);
  for (const from of reached) for (const to of ids) if (sends(from, to)) reached.add(to);
  return reached;
}

/** The table of pairs (from, to) in which the first cannot send to the second. */
export function pairsOf(pairs: readonly (readonly [number, number])[]): Pairs {
  const map = new Map<number, Set<number>>();
  for (const [from, to] of pairs) {
    const others = map.get(from);
    if (others === undefined) map.set(from, new Set([to]));
    else others.add(to);
  }
  return map;
}
