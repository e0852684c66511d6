// The twin's part of the system: wishes are kept, nothing outside the page happens.
import type { Commands, SystemView } from "../bindings";

type Told =
  "system" | "change_system" | "start_at_login" | "speak" | "look_for_update" | "install_update" | "take_link";
type Answers = { [Name in Told]: (request: Commands[Name][0]) => Commands[Name][1] };

export function systemAnswers(): Answers {
  let view: SystemView = {
    wishes: { notifications: true, tray: true },
    trayPossible: true,
    startAtLogin: false,
    updates: true,
  };
  return {
    system: () => view,
    change_system: (wishes) => (view = { ...view, wishes }),
    start_at_login: (startAtLogin) => (view = { ...view, startAtLogin }),
    speak: () => null,
    look_for_update: () => ({ version: "9.9.9", notes: "An invented version, of the scripted twin only." }),
    install_update: () => null,
    take_link: () => null,
  };
}
