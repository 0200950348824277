// How things are said. What a provider does not tell is said to be so.

export const PROVIDERS = {
  OTTIMATE: { name: "Ottimate" },
  BILL: { name: "BILL", takesNotes: true },
  PRODUCTIVE: { name: "Productive", takesNotes: true },
  ACCOUNTEER: { name: "Accounteer", isFinal: true },
};

/** What is known of a provider; of one that came after this app, its name. */
export function providerOf({ provider }) {
  return PROVIDERS[provider] ?? { name: provider };
}

export const NOT_TOLD = "not told";

const KINDS = {
  INVOICE: "Invoice",
  CREDIT_MEMO: "Credit memo",
  BILL: "Bill",
  VENDOR_CREDIT: "Vendor credit",
  PURCHASE: "Purchase",
  UNKNOWN: "Document",
};

const TYPES = { Expense: "Expense", TimeEntry: "Time entry", Booking: "Booking" };

const RULES = { ALL: "all needed", IN_ORDER: "in order" };

export function kind(row) {
  return KINDS[row.kind] ?? TYPES[row.__typename] ?? "Document";
}

/** Who, how much, when: what a person decides upon, as [label, text] in that order. */
export function facts(row) {
  switch (row.__typename) {
    case "Invoice": {
      // Accounteer's invoices are ours to a client; all others are to be paid by us.
      const isSale = row.provider === "ACCOUNTEER" && row.kind === "INVOICE";
      return [
        [isSale ? "To" : "From", row.counterparty?.name ?? NOT_TOLD],
        ["Amount", money(row.total)],
        row.dueDate || !row.issueDate
          ? ["Due", day(row.dueDate)]
          : ["Dated", day(row.issueDate)],
      ];
    }
    case "Expense":
      return [
        ["Who", person(row)],
        ["Amount", money(row.amount)],
        ["Date", day(row.date)],
      ];
    case "TimeEntry":
      return [
        ["Who", person(row)],
        ["Time", duration(row.minutes)],
        ["Date", day(row.date)],
      ];
    default:
      return [
        ["Who", person(row)],
        ["Time", duration(row.minutes)],
        ["Dates", days(row.startDate, row.endDate)],
      ];
  }
}

/** What of the facts is another than before, as sentences. */
export function differences(before, after) {
  const told = Object.fromEntries(facts(before));
  return [["Title", after.title], ...facts(after)]
    .map(([label, text]) => [
      label,
      label === "Title" ? before.title : told[label],
      text,
    ])
    .filter(([, was, is]) => was !== is)
    .map(([label, was, is]) => `${label}: ${was ?? NOT_TOLD} → ${is}`);
}

/** How far an approval is: "1 of 2 approved", and what of that is not told. */
export function progressText(progress) {
  if (!progress) return "How far it is could not be read";
  const { approved, required, rule } = progress;
  if (approved == null && required == null) return "How many have approved is not told";
  if (approved == null) return `${required} must approve; how many have is not told`;
  if (required == null) return `${approved} approved; how many must is not told`;
  const how = required > 1 && RULES[rule] ? `, ${RULES[rule]}` : "";
  return `${approved} of ${required} approved${how}`;
}

/** Whom it waits for, where that is told. */
export function waitingText(progress) {
  const names = progress?.waitingOn?.map(
    ({ displayName }) => displayName ?? "somebody",
  );
  return names?.length ? `waits for ${list(names)}` : null;
}

export function list(names) {
  return new Intl.ListFormat("en").format(names);
}

/** Whether a day is over, as far as this device knows. */
export function isPast(date) {
  const now = new Date();
  const pad = (number) => `${number}`.padStart(2, "0");
  return date < `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}

function person(row) {
  return row.person?.displayName ?? NOT_TOLD;
}

/** Amounts are exact decimal text, and stay so: no number is made of them. */
function money(value) {
  if (!value) return NOT_TOLD;
  const digits = { minimumFractionDigits: 2, maximumFractionDigits: 20 };
  const amount = new Intl.NumberFormat("en", digits).format(value.amount);
  return `${amount} ${value.currency ?? "currency not told"}`;
}

function duration(minutes) {
  if (minutes == null) return NOT_TOLD;
  const parts = [
    [Math.floor(minutes / 60), "h"],
    [minutes % 60, "min"],
  ].filter(([number]) => number > 0);
  return parts.map(([number, unit]) => `${number} ${unit}`).join(" ") || "0 min";
}

const DAY = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: "UTC" });

function day(date) {
  return date ? DAY.format(new Date(`${date}T00:00Z`)) : NOT_TOLD;
}

function days(first, last) {
  return first === last
    ? day(first)
    : DAY.formatRange(new Date(`${first}T00:00Z`), new Date(`${last}T00:00Z`));
}
