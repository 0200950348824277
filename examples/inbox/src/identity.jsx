// The dialog that asks who calls.

import { useRef } from "react";

import { DEMO, DEMO_TOKENS, become, token } from "./identity.js";

export function Identity() {
  const dialog = useRef(null);
  const name = token ? (DEMO.test(token) ? token : "signed in") : "default person";

  function save(event) {
    event.preventDefault();
    become(new FormData(event.target).get("token").trim());
  }

  return (
    <>
      <button className="quiet" onClick={() => dialog.current.showModal()}>
        <span className="unseen">You are: </span>
        {name}
      </button>
      <dialog ref={dialog} aria-labelledby="identity">
        <form onSubmit={save}>
          <h2 id="identity">Who are you?</h2>
          <label>
            Bearer token
            <input
              name="token"
              defaultValue={token}
              list="demo-tokens"
              autoComplete="off"
              autoCapitalize="off"
              spellCheck="false"
              autoFocus
            />
          </label>
          <datalist id="demo-tokens">
            {DEMO_TOKENS.map((demo) => (
              <option key={demo} value={demo} />
            ))}
          </datalist>
          <p>
            Over the sandbox, a demo person such as demo-clerk; without a token, its
            default person. It is kept in this tab only, until the tab is closed.
          </p>
          <p className="actions">
            <button
              type="button"
              className="quiet"
              onClick={() => dialog.current.close()}
            >
              Cancel
            </button>
            <button>Use it</button>
          </p>
        </form>
      </dialog>
    </>
  );
}
