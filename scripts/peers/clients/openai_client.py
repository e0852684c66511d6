"""The official Python client against an API: every scenario, and all findings as one line of JSON."""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import openai

client = openai.OpenAI(base_url=os.environ["API_URL"], api_key=os.environ["API_KEY"], max_retries=0, timeout=60)
ASK = [{"role": "system", "content": "You help."}, {"role": "user", "content": "Who is CUST-001?"}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tells the weather of a city.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def whole(model):
    answer = client.chat.completions.create(model=model, messages=ASK)
    return {"text": answer.choices[0].message.content, "total": answer.usage.total_tokens, "finish": answer.choices[0].finish_reason}


def streamed(model):
    stream = client.chat.completions.create(
        model=model, messages=ASK, stream=True, stream_options={"include_usage": True}
    )
    text, states, finish, total = "", [], None, None
    for chunk in stream:
        total = chunk.usage.total_tokens if chunk.usage else total
        call = (chunk.model_extra or {}).get("loquat", {}).get("call")
        if call:
            states.append(call["state"])
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
    return {"text": text, "succeeded": states.count("succeeded"), "finish": finish, "total": total}


def own_tools(model):
    messages = [{"role": "user", "content": "Weather in Trier?"}]
    first = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    call = first.choices[0].message.tool_calls[0]
    messages.append(first.choices[0].message.model_dump(exclude_none=True))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "rain, 12 degrees"})
    second = client.chat.completions.create(model=model, messages=messages, tools=[WEATHER])
    return {
        "finish": first.choices[0].finish_reason,
        "calls": len(first.choices[0].message.tool_calls),
        "name": call.function.name,
        "city": json.loads(call.function.arguments)["city"],
        "text": second.choices[0].message.content,
    }


def errors(model):
    found = []
    stranger = openai.OpenAI(base_url=os.environ["API_URL"], api_key="lq-wrong", max_retries=0)
    for attempt in (
        lambda: stranger.models.list(),
        lambda: client.chat.completions.create(model=model, messages=ASK, n=3),
        lambda: client.chat.completions.create(model=model, messages=ASK, extra_body={"session_id": "nobody-s"}),
        lambda: client.chat.completions.create(model=model, messages=ASK),
    ):
        try:
            attempt()
        except openai.APIStatusError as error:
            found.append([type(error).__name__, error.status_code, error.code])
    return found


def cancelled(model):
    stream = client.chat.completions.create(model=model, messages=ASK, stream=True)
    for chunk in stream:
        if chunk.choices and chunk.choices[0].delta.content:
            break
    stream.close()
    return {"stopped": True}


def responses(model):
    answer = client.responses.create(model=model, input="Who is CUST-001?")
    text, kinds = "", []
    with client.responses.stream(model=model, input="Again?", previous_response_id=answer.id) as stream:
        for event in stream:
            kinds.append(event.type)
            if event.type == "response.output_text.delta":
                text += event.delta
    return {
        "text": answer.output_text,
        "items": [item.type for item in answer.output],
        "streamed": text,
        "last": kinds[-1],
    }


def side_by_side(model):
    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(lambda _: client.chat.completions.create(model=model, messages=ASK), range(8))
    return {"answered": sum(answer.choices[0].finish_reason == "stop" for answer in answers)}


def others(model):
    vector = client.embeddings.create(model=model, input="words", encoding_format="float").data[0].embedding
    models = [model.id for model in client.models.list()]
    return {"vector": vector, "model": "custom/scripted" in models}


scenarios = [whole, streamed, own_tools, errors, cancelled, responses, side_by_side, others]
print(json.dumps({scenario.__name__: scenario(f"python-{scenario.__name__}") for scenario in scenarios}))
