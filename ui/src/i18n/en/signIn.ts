// Signing in to servers, accounts, and where secrets are kept.

export const accounts = {
  tab: "Sign-in",
  list: "Accounts",
  nobody: "Nobody is signed in here.",
  another: "Sign in with another account",
  name: "Name of the account",
  nameHint: "Yours to choose, such as work.",
  used: "used now",
  use: (name: string) => `Use ${name}`,
  out: "Sign out",
  outOf: (name: string) => `Sign out ${name}`,
  ends: (when: string) => `expires in ${when}`,
  over: "expired",
  renews: "renews by itself",
  renewsNot: "does not renew by itself",
  by: (issuer: string) => `Signed in by ${issuer}`,
  rights: (scopes: string) => `Rights: ${scopes}`,
  asWhom: (server: string) => `Account for ${server} in this chat`,
  as: (name: string) => `as ${name}`,
  asEverywhere: (name: string) => `as everywhere (${name})`,
  asNobody: "as everywhere",
  asGone: (name: string) => `as ${name} (signed out)`,
};

export const remedies = {
  resetRegistration: "Reset registration",
  useClient: "Use a client id",
  trustIssuer: "Trust this issuer",
  useResource: "Accept this name",
  trusts: (issuer: string) => `From then on ${issuer} may sign you in here.`,
  accepts: (resource: string) => `From then on the server is taken for ${resource}.`,
  clientId: "Client id",
  clientSecret: "Client secret, if there is one",
  withClient: "Use it and sign in",
  report: "Copy report",
};

export const secrets = {
  title: "Where your secrets are",
  memory: "No keychain answers on this computer. Keys and sign-ins last only until Loquat ends.",
  choice: "They can be kept in a file under a passphrase instead. Without it nobody opens the file, not even Loquat.",
  passphrase: "Passphrase",
  again: "Passphrase once more",
  least: "At least 8 characters.",
  differ: "The two passphrases differ.",
  keep: "Keep in a file",
  file: "Keys and sign-ins are kept in a file under your passphrase.",
  locked: "Unlock your secrets",
  lockedLead: "Keys and sign-ins lie in a file under your passphrase. Until you give it, they cannot be used.",
  unlock: "Unlock",
  notNow: "Not now",
};
