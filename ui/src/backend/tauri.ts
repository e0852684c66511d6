// The only importer of @tauri-apps: commands go out by name, events come in over one channel.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { AppEvent, Commands, Snapshot } from "../bindings";
import type { Backend } from "./index";

export class TauriBackend implements Backend {
  subscribe(receive: (events: AppEvent[]) => void): Promise<Snapshot> {
    const channel = new Channel<AppEvent | AppEvent[]>();
    channel.onmessage = (message) => receive(Array.isArray(message) ? message : [message]);
    return invoke("subscribe", { channel });
  }

  call<Name extends keyof Commands>(name: Name, request: Commands[Name][0]): Promise<Commands[Name][1]> {
    return invoke(name, { request });
  }
}
