"""The language models: prompt in, completion out.

What lives here: the `Model` interface, one small file a provider (Gemini, a scripted playbook, the
recorded answers of a past run), one limiter for all workers, and the prices.

What it never does: remember a conversation (the whole prompt comes with each call), run a tool,
or write to the log.

Start with `model`, then `scripted`.
"""
