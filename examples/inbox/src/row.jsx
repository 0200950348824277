// One row of the queue: what it is, how far it is, and the decision on it.

import { useEffect, useRef, useState } from "react";

import { decisions } from "./decisions.js";
import { useDecision } from "./hooks.js";
import {
  NOT_TOLD,
  differences,
  facts,
  isPast,
  kind,
  progressText,
  providerOf,
  waitingText,
} from "./words.js";

export function Row({ row, online }) {
  const decided = useDecision(row.id);
  // What the person has looked at; another version since then is shown as a change.
  const [seen, setSeen] = useState(row);
  const item = useRef(null);

  function decide(decision, note) {
    setSeen(row);
    // The buttons go, and the keyboard's place in the list should not go with them.
    item.current.focus();
    decisions.send(row, decision, note);
  }

  const isOver =
    row.approvalState !== "PENDING" || ["done", "gone"].includes(decided?.phase);
  const isSending = decided?.phase === "sending";
  const actions = row.viewerActions ?? [];
  return (
    <li
      ref={item}
      id={row.id}
      tabIndex={-1}
      className={isOver || isSending ? "row over" : "row"}
      aria-label={row.title}
      data-phase={decided?.phase}
    >
      <p className="kind">
        <span className={`badge ${row.provider}`}>{providerOf(row).name}</span>{" "}
        {kind(row)}
      </p>
      <h2 id={titleOf(row)}>
        {row.url ? (
          <a href={row.url} target="_blank" rel="noreferrer">
            {row.title}
          </a>
        ) : (
          row.title
        )}
      </h2>
      <dl>
        {facts(row).map(([label, text]) => (
          <div key={label}>
            <dt>{label}</dt>{" "}
            <dd>{label === "Amount" ? <Amount text={text} /> : text}</dd>
            {label === "Due" && row.dueDate && isPast(row.dueDate) && (
              <dd className="late">overdue</dd>
            )}
          </div>
        ))}
      </dl>
      <Progress progress={row.progress} />
      {!isOver && !isSending && (
        <Actions key={decided?.phase} {...{ row, online, actions, decided, decide }} />
      )}
      <Outcome {...{ row, seen, decided, decide, online, isOver }} />
    </li>
  );
}

/** The amount, and smaller what is behind it: the currency, or that it is not told. */
function Amount({ text }) {
  if (text === NOT_TOLD) return text;
  const [amount, ...currency] = text.split(" ");
  return (
    <>
      <b>{amount}</b> <small>{currency.join(" ")}</small>
    </>
  );
}

/** The id of the title, which describes the buttons: there is an Approve in each row. */
function titleOf(row) {
  return `title-${row.id}`;
}

/** n of m, as far as it is told. */
function Progress({ progress }) {
  const { approved, required } = progress ?? {};
  const waiting = waitingText(progress);
  return (
    <p className="progress">
      {approved != null && required > 0 && required <= 8 && (
        <span className="pips" aria-hidden="true">
          {Array.from({ length: required }, (_, index) => (
            <i key={index} className={index < approved ? "full" : ""} />
          ))}
        </span>
      )}
      <span>
        {progressText(progress)}
        {waiting && <small> · {waiting}</small>}
      </span>
    </p>
  );
}

/** The buttons that this person may press now, a note, and the last question. */
function Actions({ row, online, actions, decided, decide }) {
  const [note, setNote] = useState(decided?.note ?? null);
  const [isAsking, setAsking] = useState(false);
  const { takesNotes, isFinal } = providerOf(row);
  const mayApprove = actions.includes("APPROVE");
  const mayReject = actions.includes("REJECT");
  if (!mayApprove && !mayReject) {
    return (
      <p className="none">
        {row.viewerActions
          ? "Not yours to decide now."
          : "What you may do could not be read."}
      </p>
    );
  }
  const common = {
    disabled: !online || !decisions.canSend(row.id),
    "aria-describedby": titleOf(row),
  };
  return (
    <div className="actions">
      {takesNotes && note === null && (
        <button className="quiet" {...common} onClick={() => setNote("")}>
          Note
        </button>
      )}
      {takesNotes && note !== null && (
        <label className="note">
          Note
          <textarea
            rows="2"
            value={note}
            autoFocus
            onChange={(event) => setNote(event.target.value)}
          />
        </label>
      )}
      {mayReject && (
        <button className="reject" {...common} onClick={() => decide("REJECT", note)}>
          Reject
        </button>
      )}
      {mayApprove && (
        <button
          className="approve"
          {...common}
          onClick={() => (isFinal ? setAsking(true) : decide("APPROVE", note))}
        >
          Approve
        </button>
      )}
      {isAsking && (
        <Confirm
          row={row}
          onCancel={() => setAsking(false)}
          onConfirm={() => decide("APPROVE", note)}
        />
      )}
    </div>
  );
}

function Confirm({ row, onCancel, onConfirm }) {
  const dialog = useRef(null);
  useEffect(() => dialog.current.showModal(), []);
  const { name } = providerOf(row);
  const [, [, amount]] = facts(row);

  function confirm() {
    dialog.current.close();
    onConfirm();
  }

  return (
    <dialog ref={dialog} aria-labelledby="confirm" onClose={onCancel}>
      <h2 id="confirm">Approve for good?</h2>
      <p>
        {row.title}, {amount}. In {name} an approval is final: nothing takes it back,
        and the document can be changed no more.
      </p>
      <p className="actions">
        <button className="quiet" autoFocus onClick={() => dialog.current.close()}>
          Cancel
        </button>
        <button className="approve" onClick={confirm}>
          Approve for good
        </button>
      </p>
    </dialog>
  );
}

const PAST = { APPROVE: "Approved", REJECT: "Rejected" };
const STATES = {
  APPROVED: "It was approved elsewhere.",
  REJECTED: "It was rejected elsewhere.",
  NOT_REQUIRED: "Nobody has to approve it any more.",
  UNKNOWN: "How it stands is not told any more.",
};

/** What is known of the decision, and what can be done now. */
function Outcome({ row, seen, decided, decide, online, isOver }) {
  const changes = row.version === seen.version ? [] : differences(seen, row);
  return (
    <div className={`outcome ${decided?.phase ?? ""}`} role="status">
      <Words {...{ row, seen, decided, isOver }} />
      {changes.length > 0 && (
        <ul>
          {changes.map((change) => (
            <li key={change}>{change}</li>
          ))}
        </ul>
      )}
      {decided?.phase === "fault" && decided.retryable && (
        <button
          disabled={!online}
          onClick={() => decide(decided.decision, decided.note)}
        >
          Try again
        </button>
      )}
      {decided?.phase === "unknown" && (
        <button
          disabled={!online || decided.looking}
          onClick={() => decisions.look(row)}
        >
          Look again
        </button>
      )}
    </div>
  );
}

function Words({ row, seen, decided, isOver }) {
  const { phase, decision, outcome, words = [], failure } = decided ?? {};
  const { name } = providerOf(row);
  const told = words.join(" ");
  const hasChanged = row.version !== seen.version;
  switch (phase) {
    case "sending":
      return <p>{decision === "APPROVE" ? "Approving …" : "Rejecting …"}</p>;
    case "done": {
      const waiting = row.approvalState === "PENDING" && "It still waits for others.";
      const before =
        outcome === "ALREADY_APPLIED" && "It was so already; nothing was sent.";
      return (
        <p>
          <strong>{PAST[decision]}.</strong>{" "}
          {[before, waiting, told].filter(Boolean).join(" ")}
        </p>
      );
    }
    case "refused":
      return (
        <p>
          <strong>Not {PAST[decision].toLowerCase()}.</strong> {told}
        </p>
      );
    case "stale":
      return (
        <p>
          <strong>It changed since you looked, and nothing was sent.</strong> Look at it
          as it is now, and decide again.
          {differences(seen, row).length === 0 &&
            ` What changed is not shown here: see ${name}.`}
        </p>
      );
    case "fault":
      return (
        <p>
          <strong>Nothing was decided.</strong> {told}
        </p>
      );
    case "unknown":
      return (
        <p>
          <strong>The answer was lost.</strong> Nobody knows whether it was{" "}
          {PAST[decision].toLowerCase()}: look in {name} before you decide again. {told}
          {failure && ` It could not be read: ${failure}`}
        </p>
      );
    case "gone":
      return <p>Read anew: it is not there any more, or not for you.</p>;
    default:
      if (isOver)
        return <p>{phase === "looked" ? standsAt(row) : STATES[row.approvalState]}</p>;
      if (phase === "looked") return <p>Read anew: it still waits for approval.</p>;
      return hasChanged ? <p>It changed while you looked at it.</p> : null;
  }
}

function standsAt(row) {
  return `Read anew: it is ${row.approvalState.toLowerCase()}.`;
}
