/** Signing in. */
import { useState } from "preact/hooks";
import { Refused } from "../api/client";
import { Field } from "../ui/field";
import { WentWrong } from "../ui/told";
import { useSpeech } from "../words/words";
import { Session } from "./session";
import type { SignedIn } from "./use-session";

function SignInFault({ error }: { error: unknown }) {
  const { words } = useSpeech();
  const status = error instanceof Refused ? error.problem.status : 0;
  if (status !== 401 && status !== 429) return <WentWrong error={error} />;
  return (
    <p class="notice bad" role="alert">
      {status === 401 ? words.wrongSignIn : words.signInSlowed}
    </p>
  );
}

/** Why the reader is asked to sign in; whether somebody is signed in may not be known yet. */
export function SignInPage({ signedIn }: { signedIn: SignedIn }) {
  const { words } = useSpeech();
  if (signedIn.left === "asking") return <p class="hint">{words.loading}</p>;
  if (signedIn.left === "unknown")
    return (
      <div class="card sign-in">
        <p class="notice bad" role="alert">
          {words.noAnswer}
        </p>
        <button type="button" class="main" onClick={signedIn.resume}>
          {words.tryAgain}
        </button>
      </div>
    );
  return <SignInForm signedIn={signedIn} />;
}

function SignInForm({ signedIn }: { signedIn: SignedIn }) {
  const { words } = useSpeech();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      signedIn.begin(await Session.signIn(name, password, signedIn.end));
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <form class="card sign-in" onSubmit={submit}>
      <h1>{words.product}</h1>
      <p class="hint">{words.tagline}</p>
      {signedIn.left === "ended" && <p class="notice">{words.signedOut}</p>}
      {signedIn.left === "not-confirmed" && (
        <p class="notice bad" role="alert">
          {words.signOutNotConfirmed}
        </p>
      )}
      <SignInFault error={error} />
      <Field label={words.name}>
        {(tied) => (
          <input
            {...tied}
            name="name"
            autocomplete="username"
            required
            autofocus
            value={name}
            onInput={(event) => setName(event.currentTarget.value)}
          />
        )}
      </Field>
      <Field label={words.password}>
        {(tied) => (
          <input
            {...tied}
            name="password"
            type="password"
            autocomplete="current-password"
            required
            value={password}
            onInput={(event) => setPassword(event.currentTarget.value)}
          />
        )}
      </Field>
      <button type="submit" class="main" disabled={isBusy}>
        {isBusy ? words.signingIn : words.signIn}
      </button>
      <p class="hint">{words.signInKept}</p>
      <p class="hint">{words.notEmergency}</p>
    </form>
  );
}
