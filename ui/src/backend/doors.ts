// The scripted twin's doors: other programs that come in through the local API and the gateway.
import type {
  AnswerVisitor,
  AppEvent,
  AuditFilter,
  CreateApiKey,
  Door,
  GatewayPanel,
  LocalApiPanel,
  NewKey,
  VisitorCall,
  VisitorRequest,
} from "../bindings";
import { auditOf } from "./audit";

const EXPOSED = ["customer", "ticket", "billing", "asset", "knowledge"].map((name) => ({
  name,
  tools: 4,
  asking: name === "ticket" ? 1 : 0,
}));

const CALL: VisitorCall = {
  id: "v1",
  way: "gateway",
  who: "cursor",
  tool: "ticket__update_ticket",
  arguments: { ticket_id: "TKT-1004", priority: "critical" },
  reason: "ticket__update_ticket needs a person's yes",
};

function requests(): VisitorRequest[] {
  const at = Date.now();
  return [
    { id: 3, at: at - 900, who: "notebook", what: "/v1/chat/completions · qwen3-14b", state: { state: "running" } },
    {
      id: 2,
      at: at - 61_000,
      who: "notebook",
      what: "/v1/chat/completions · qwen3-14b",
      state: { state: "answered" },
      durationMs: 4210,
      tokens: 2312,
    },
    {
      id: 1,
      at: at - 65_000,
      who: "script",
      what: "/v1/embeddings",
      state: { state: "failed", code: "provider_unreachable" },
      durationMs: 12,
    },
  ];
}

export function doorsOf(tell: (event: AppEvent) => void) {
  const api: LocalApiPanel = {
    door: { on: false, port: 8000 },
    keys: [
      {
        name: "notebook",
        hint: "3f9a",
        createdAt: 0,
        revoked: false,
        rights: { allow: [], budget: 2_000_000 },
        used: 48_210,
        month: "2026-11",
      },
    ],
    exposed: EXPOSED,
    requests: [],
  };
  const gateway: GatewayPanel = {
    door: { on: false, port: 9000 },
    file: "~/.local/share/loquat/gateway.yaml",
    keys: [{ name: "cursor", roles: ["Agent"] }],
    troubles: [],
    exposed: [],
    requests: [],
  };
  const answered = null;
  return {
    local_api: () => structuredClone(api),
    turn_local_api: (door: Door) => {
      const address = door.on ? `http://127.0.0.1:${door.port}/v1` : undefined;
      Object.assign(api, { door, address, requests: door.on ? requests() : [] });
      return answered;
    },
    create_api_key: ({ name, rights }: CreateApiKey): NewKey => {
      api.keys.push({ name, hint: "77c0", createdAt: 0, revoked: false, rights, used: 0, month: "2026-11" });
      return { name, key: `lq-${"0123456789abcdef".repeat(3)}77c0` };
    },
    revoke_api_key: (name: string) => {
      api.keys = api.keys.filter((key) => key.name !== name);
      return answered;
    },
    gateway: () => structuredClone(gateway),
    turn_gateway: (door: Door) => {
      const address = door.on ? `http://127.0.0.1:${door.port}/mcp` : undefined;
      const audit = door.on ? "~/.local/share/loquat/logs/audit.log" : undefined;
      Object.assign(gateway, { door, address, audit, exposed: door.on ? EXPOSED : [] });
      tell({ type: "visitorCalls", way: "gateway", calls: door.on ? [CALL] : [] });
      return answered;
    },
    create_gateway_key: (name: string): NewKey => {
      gateway.keys.push({ name, roles: ["Agent"] });
      return { name, key: `loq_${"0123456789abcdef".repeat(4)}` };
    },
    revoke_gateway_key: (name: string) => {
      gateway.keys = gateway.keys.filter((key) => key.name !== name);
      return answered;
    },
    search_audit: (filter: AuditFilter) => auditOf(filter),
    verify_audit: () => ({ records: 1204, files: 2, hash: "3f9a".repeat(16) }),
    visitor_calls: () => [],
    answer_visitor: ({ way }: AnswerVisitor) => {
      tell({ type: "visitorCalls", way, calls: [] });
      return answered;
    },
  };
}
