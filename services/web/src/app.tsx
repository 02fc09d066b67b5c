/** The console's frame: who is signed in, which language, which page. */
import { useState } from "preact/hooks";
import { Link, Route, Router, Switch, useLocation } from "wouter-preact";
import { useHashLocation } from "wouter-preact/use-hash-location";
import { DeclarePage } from "./declare/page";
import { IncidentPage } from "./incidents/incident-page";
import { IncidentsPage } from "./incidents/list-page";
import { ProposalsPage } from "./proposals/list-page";
import { ProposalPage } from "./proposals/proposal-page";
import type { Session } from "./session/session";
import { SignInPage } from "./session/sign-in-page";
import { useSession } from "./session/use-session";
import { LanguagesContext, useKnownLanguages } from "./words/languages";
import { type Language, remember, rememberedLanguage, SpeechContext, speech, useSpeech } from "./words/words";

export function App() {
  const [language, setLanguage] = useState<Language>(rememberedLanguage);
  const signedIn = useSession();
  const { session } = signedIn;
  const spoken = speech(language);
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  document.title = spoken.words.product;
  const change = () => {
    const other = language === "zh" ? "en" : "zh";
    remember(other);
    setLanguage(other);
  };
  return (
    <SpeechContext.Provider value={spoken}>
      <Router hook={useHashLocation}>
        <Header session={session} onLanguage={change} onSignOut={signedIn.signOut} />
        <main id="content" tabIndex={-1}>
          {session ? <Pages session={session} /> : <SignInPage signedIn={signedIn} />}
        </main>
      </Router>
    </SpeechContext.Provider>
  );
}

interface HeaderProps {
  session: Session | null;
  onLanguage: () => void;
  onSignOut: () => void;
}

function Header({ session, onLanguage, onSignOut }: HeaderProps) {
  const { words, language } = useSpeech();
  return (
    <header>
      <button type="button" class="skip" onClick={() => document.getElementById("content")?.focus()}>
        {words.skip}
      </button>
      <span class="brand">{words.product}</span>
      {session && (
        <nav>
          <Tab to="/">{words.incidents}</Tab>
          {mayDeclare(session) && <Tab to="/declare">{words.declareIncident}</Tab>}
          {mayDeclare(session) && <Tab to="/proposals">{words.proposals}</Tab>}
        </nav>
      )}
      <span class="spacer" />
      <button type="button" class="quiet" lang={language === "zh" ? "en" : "zh-CN"} onClick={onLanguage}>
        {words.language}
      </button>
      {session && (
        <button type="button" class="quiet" onClick={onSignOut}>
          {words.signOut}
        </button>
      )}
    </header>
  );
}

function Tab({ to, children }: { to: string; children: string }) {
  const [location] = useLocation();
  return (
    <Link href={to} aria-current={location === to ? "page" : undefined}>
      {children}
    </Link>
  );
}

function Pages({ session }: { session: Session }) {
  const { words } = useSpeech();
  const languages = useKnownLanguages(session);
  return (
    <LanguagesContext.Provider value={languages}>
      <Switch>
        <Route path="/">
          <IncidentsPage session={session} mayDeclare={mayDeclare(session)} />
        </Route>
        <Route path="/declare">
          <DeclarePage session={session} />
        </Route>
        <Route path="/proposals">
          <ProposalsPage session={session} />
        </Route>
        <Route path="/proposals/:id">{({ id }) => <ProposalPage key={id} session={session} proposalId={id} />}</Route>
        <Route path="/incidents/:id">{({ id }) => <IncidentPage key={id} session={session} incidentId={id} />}</Route>
        <Route>
          <p>{words.notFound}</p>
        </Route>
      </Switch>
    </LanguagesContext.Provider>
  );
}

function mayDeclare(session: Session): boolean {
  return session.roles.includes("duty-officer");
}
