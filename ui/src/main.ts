// Chooses the backend, connects, and shows the window once it knows what to show.
import "./styles/tokens.css";
import "./styles/base.css";
import { mount } from "svelte";
import Window from "./App.svelte";
import { chooseBackend } from "./backend";
import { speak } from "./i18n";
import { protect } from "./inherited";
import { App } from "./state/app.svelte";

protect(Object.prototype);
performance.mark("read");
const app = new App(await chooseBackend());
await app.connect();
performance.mark("connected");
document.documentElement.dataset.theme = app.preferences.look;
await speak(app.preferences.language);
mount(Window, { target: document.getElementById("app") ?? document.body, props: { app } });
performance.mark("shown");
