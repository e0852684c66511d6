// What the twin's servers ask and offer besides tools: nothing, but in the right shapes.
export const OFFERS = {
  list_prompts: () => [],
  fill_prompt: () => ({ description: "", messages: [], text: "" }),
  list_resources: () => ({ resources: [], templates: [] }),
  read_resource: () => ({ content: [], text: "" }),
  subscribe_resource: () => null,
  unsubscribe_resource: () => null,
  complete: () => ({ values: [], more: false }),
  server_log: () => [],
};
