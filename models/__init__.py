"""The language models: prompt in, completion out.

What lives here: the `Model` interface, a file or two a provider (Gemini, a scripted playbook), the
`ModelService` that resolves names and runs the calls, one limiter for all workers, and the prices.

What it never does: try twice, remember a conversation (the whole prompt comes with each call), run
a tool, or write to the log.

Start with `model` and `errors`, then `service`, then `scripted`.
"""
