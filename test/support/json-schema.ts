/**
 * Holds a value against a JSON Schema, as far as ours go: a keyword that is not known here throws, so that
 * none is passed over in silence.
 */
type Schema = Readonly<Record<string, unknown>>;
type Judge = (rule: unknown, value: unknown, at: string, root: Schema, schema: Schema) => string[];

/** @returns a sentence for each place where the value is not as the schema says */
export function misfits(root: Schema, value: unknown): string[] {
  return against(root, value, "", root);
}

function against(schema: unknown, value: unknown, at: string, root: Schema): string[] {
  if (!isRecord(schema)) throw new Error(`no schema: ${JSON.stringify(schema)}`);
  return Object.entries(schema).flatMap(([keyword, rule]) => {
    if (["$schema", "title", "description", "$defs"].includes(keyword)) return [];
    const judge = KEYWORDS[keyword];
    if (judge === undefined) throw new Error(`nobody knows the keyword ${keyword}`);
    return judge(rule, value, at, root, schema);
  });
}

const KEYWORDS: Readonly<Record<string, Judge>> = {
  $ref: (rule, value, at, root) => against(find(root, String(rule)), value, at, root),
  allOf: (rule, value, at, root) => each(rule).flatMap((one) => against(one, value, at, root)),
  anyOf: (rule, value, at, root) => oneFits(each(rule), value, at, root),
  oneOf: (rule, value, at, root) => {
    const fitting = each(rule).filter((one) => against(one, value, at, root).length === 0);
    if (fitting.length > 1) return [`${at} fits several`];
    return fitting.length === 1 ? [] : oneFits(each(rule), value, at, root);
  },
  type: (rule, value, at) =>
    [rule].flat().some((type) => isOf(String(type), value)) ? [] : [`${at} is no ${rule}`],
  const: (rule, value, at) => (value === rule ? [] : [`${at} is not ${JSON.stringify(rule)}`]),
  enum: (rule, value, at) => (each(rule).includes(value) ? [] : [`${at} is none of ${rule}`]),
  minimum: (rule, value, at) =>
    typeof value !== "number" || value >= Number(rule) ? [] : [`${at} is below ${rule}`],
  minLength: (rule, value, at) =>
    typeof value !== "string" || value.length >= Number(rule) ? [] : [`${at} is too short`],
  items: (rule, value, at, root) =>
    Array.isArray(value)
      ? value.flatMap((one, index) => against(rule, one, `${at}/${index}`, root))
      : [],
  required: (rule, value, at) =>
    isRecord(value)
      ? each(rule).flatMap((key) =>
          Object.hasOwn(value, String(key)) ? [] : [`${at}/${key} is missing`],
        )
      : [],
  properties: (rule, value, at, root) =>
    isRecord(value) && isRecord(rule)
      ? Object.entries(rule).flatMap(([key, one]) =>
          Object.hasOwn(value, key) ? against(one, value[key], `${at}/${key}`, root) : [],
        )
      : [],
  additionalProperties: (rule, value, at, root, { properties }) =>
    isRecord(value)
      ? Object.entries(value).flatMap(([key, one]) =>
          isRecord(properties) && Object.hasOwn(properties, key)
            ? []
            : against(rule, one, `${at}/${key}`, root),
        )
      : [],
};

/** Where none fits, what is said of the one that comes nearest. */
function oneFits(schemas: readonly unknown[], value: unknown, at: string, root: Schema): string[] {
  const all = schemas.map((schema) => against(schema, value, at, root));
  return all.reduce((a, b) => (b.length < a.length ? b : a));
}

function find(root: Schema, reference: string): unknown {
  const parts = reference.replace(/^#\//, "").split("/");
  return parts.reduce<unknown>((at, part) => (isRecord(at) ? at[part] : undefined), root);
}

function isOf(type: string, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "object") return isRecord(value);
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

function each(rule: unknown): readonly unknown[] {
  if (Array.isArray(rule)) return rule;
  throw new Error(`no list: ${JSON.stringify(rule)}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
